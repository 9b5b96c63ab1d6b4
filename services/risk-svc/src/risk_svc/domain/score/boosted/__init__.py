"""Payment model with boosted trees on top of the level of a customer's delays."""
