"""Queries of collectors, of the owners of customers and of open tasks, in the read model `cases`."""
