"""Credit insurance: contracts, covers, deadlines, insured shares."""
