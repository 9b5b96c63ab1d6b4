"""Approval of steps: a message that a person has to approve before it leaves, and what follows without an answer."""
