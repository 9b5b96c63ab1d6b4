"""Incoming mail: received over HTTP, SMTP or from a mailbox, stored, read, recorded."""
