"""Reminders of Encours: decides the ladder day by day and sends what it decided."""
