"""`encours audit`: questions of an auditor."""
