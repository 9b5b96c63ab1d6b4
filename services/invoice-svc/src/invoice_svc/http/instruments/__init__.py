"""/v1/instruments: cheques, bills of exchange and promissory notes."""
