"""Use cases of money: payments, bank statements, exchange rates."""
