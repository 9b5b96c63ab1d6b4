"""Dunning: policies and their documents, reminders, tasks, holds."""
