"""Time as an event: the opening of days, by the wall clock in live ledgers and by command in sandboxes."""
