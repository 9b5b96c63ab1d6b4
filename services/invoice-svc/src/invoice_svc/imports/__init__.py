"""Import of past events: a file holds lines, a line holds events, and each event becomes a command.

No rule is decided here: the importer calls the same use cases as the API.
"""
