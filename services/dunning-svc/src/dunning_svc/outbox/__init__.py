"""Effects: decided reminders are dispatched once, and their outcomes recorded."""
