"""Messages that a gateway carries: their states, and what follows from a return."""
