"""`encours audit`: questions of an auditor, and events to take along."""
