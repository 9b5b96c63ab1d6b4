"""Money in: bank lines, payments, advices, plans, penalties and statements."""
