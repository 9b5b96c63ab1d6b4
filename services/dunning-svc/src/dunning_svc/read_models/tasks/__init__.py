"""Queries of tasks in the read model `cases`."""
