"""The tables of the read model `cases`. Columns are the fields, in order; amounts are minor units."""
