"""Rules: one module or folder an aggregate. Nothing here does I/O."""
