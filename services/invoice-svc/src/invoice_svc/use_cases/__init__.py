"""One function per command: load, fold, decide, append. It takes the session and the command, and returns a result."""
