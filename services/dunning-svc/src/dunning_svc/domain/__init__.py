"""Rules: one folder per aggregate. Nothing here does I/O."""
