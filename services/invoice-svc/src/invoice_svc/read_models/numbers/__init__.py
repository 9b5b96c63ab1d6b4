"""Legal numbers that were given, for the certificate of a series."""
