"""Rows of the sources of custom reports, made of the queries that the reports of the API rest on."""
