"""A virtual IBAN: an account number of the creditor that one customer alone pays to, by dates."""
