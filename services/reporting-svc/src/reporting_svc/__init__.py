"""Aged balance, DSO, overdue list, timelines and the event feed of Encours."""
