"""/v1/deductions: what debtors have kept from their payments, its outcome and its recovery."""
