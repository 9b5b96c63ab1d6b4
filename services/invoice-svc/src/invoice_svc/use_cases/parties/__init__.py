"""Use cases of those who bill and those who are billed: entities and customers."""
