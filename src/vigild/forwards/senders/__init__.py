"""How a batch of lines is brought to each kind of receiver."""
