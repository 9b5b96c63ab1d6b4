"""The HTTP edge that all services share: one app factory, one way to read, to write and to refuse."""
