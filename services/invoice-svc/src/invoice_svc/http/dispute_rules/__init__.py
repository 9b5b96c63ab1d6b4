"""/v1/deduction-codes and /v1/dispute-categories: a creditor's rules for disputes."""
