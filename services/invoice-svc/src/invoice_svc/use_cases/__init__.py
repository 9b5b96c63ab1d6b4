"""Load, fold, decide, append: one function a command. It takes the session and the command, and returns a result."""
