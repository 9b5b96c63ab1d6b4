"""Expected loss: own roll rates, the overlay, the matrix."""
