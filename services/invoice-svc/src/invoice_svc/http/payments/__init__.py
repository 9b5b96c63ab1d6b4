"""/v1/payments: money in, its allocations, its reversal."""
