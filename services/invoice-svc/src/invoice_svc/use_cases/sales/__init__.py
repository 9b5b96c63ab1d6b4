"""Use cases of documents: quotes, orders, invoices, credit notes, disputes."""
