"""Orders on credit: reserve a part of the limit, deliver, bill or release it."""
