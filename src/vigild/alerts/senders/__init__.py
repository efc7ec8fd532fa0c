"""How a message is brought to each kind of receiver."""
