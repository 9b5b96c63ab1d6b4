"""/v1/remittance-advices: what debtors say that a transfer pays."""
