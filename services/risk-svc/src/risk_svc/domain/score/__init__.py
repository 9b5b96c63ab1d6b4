"""Payment behaviour of a customer: the score from 0 to 100, and the model of the delay of the next invoice."""
