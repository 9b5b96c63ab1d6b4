"""Takeover of history: a file becomes lines, a line becomes events, an event becomes a command like any other.

Nothing here decides: every rule stands in the aggregates, and the importer calls the same use cases as the API.
"""
