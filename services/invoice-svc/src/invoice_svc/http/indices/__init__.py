"""/v1/indices: price indices that recurring invoices follow."""
