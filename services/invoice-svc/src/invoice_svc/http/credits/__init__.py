"""/v1/credit-notes and /v1/credits: credit notes without an invoice, and the use of the customer's credit."""
