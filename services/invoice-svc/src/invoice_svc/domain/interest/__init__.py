"""Interest for late payment: what was owed from day to day, and the statement of it."""
