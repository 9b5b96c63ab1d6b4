"""/v1/customers: debtors, their terms by date, contacts and notes."""
