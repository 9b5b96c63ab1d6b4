"""The creditor: the issuer of invoices, and its number series."""
