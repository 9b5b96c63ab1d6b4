"""A line of a bank statement, from its record to the payment that it becomes."""
