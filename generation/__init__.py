"""From a prompt to a picture that is kept."""
