"""Use cases of litigation: the file of a debtor, and the procedure for a title without a court."""
