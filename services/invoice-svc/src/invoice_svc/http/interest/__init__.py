"""/v1/invoices/{id}/interest: cost of late payment, segment by segment."""
