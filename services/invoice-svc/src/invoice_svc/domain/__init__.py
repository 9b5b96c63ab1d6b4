"""Rules: one module or folder per aggregate, without I/O."""
