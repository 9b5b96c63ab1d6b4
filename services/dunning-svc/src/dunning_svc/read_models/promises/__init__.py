"""Queries on promises, over the rows of the read model `cases`."""
