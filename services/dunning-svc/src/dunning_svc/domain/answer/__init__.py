"""Answers of debtors through links in reminders."""
