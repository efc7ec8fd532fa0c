"""`vigil top`: what programs use, live in the terminal, or as one table."""
