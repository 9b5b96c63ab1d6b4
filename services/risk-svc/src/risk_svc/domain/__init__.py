"""Rules: one module per aggregate, without I/O."""
