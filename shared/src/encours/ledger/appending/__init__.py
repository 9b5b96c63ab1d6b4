"""The way of an append to the database: one connection, groups of commands, what is sent and what comes back."""
