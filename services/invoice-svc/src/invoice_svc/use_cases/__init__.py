"""Load, fold, decide, append. Each use case takes the session of one command and says what it appends."""
