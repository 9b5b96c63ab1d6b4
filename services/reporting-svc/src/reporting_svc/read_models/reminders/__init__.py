"""Volume and yield of reminders."""
