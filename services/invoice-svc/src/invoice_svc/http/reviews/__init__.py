"""/v1/reviews/invoices: what the review of the books finds."""
