"""Files of banks: camt, MT940, CFONB 120, OFX and CSV, each read from its bytes into statements of one form."""
