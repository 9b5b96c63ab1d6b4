"""The parties: customers, creditors, and the fields of one's own."""
