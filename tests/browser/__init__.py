"""A chat host with a frame of a foreign origin, driven in a real browser."""
