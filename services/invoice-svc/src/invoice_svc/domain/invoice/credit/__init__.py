"""Credit notes: over an issued invoice, without one over those that they cite, and with a new invoice."""
