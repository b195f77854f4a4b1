"""The command `doctor`: what the server tells of itself, and what only a terminal may try."""
