"""Schedules of mails and exports."""
