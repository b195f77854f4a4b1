"""What is said to models, and the code that loads, checks and renders it."""
