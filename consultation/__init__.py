"""From an idea to a refined prompt."""
