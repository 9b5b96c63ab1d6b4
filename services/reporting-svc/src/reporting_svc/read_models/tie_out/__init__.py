"""Proof that bands, open items and the customers' account agree."""
