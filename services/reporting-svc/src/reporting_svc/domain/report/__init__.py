"""Custom reports: the catalogue of sources, the check of a document, the table that is made of rows."""
