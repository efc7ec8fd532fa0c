"""The endpoints, one module for each noun: what they take, what they answer, and what they ask of control."""
