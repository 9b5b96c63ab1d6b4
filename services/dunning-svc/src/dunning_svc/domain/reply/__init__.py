"""Replies of debtors: their own words, the days that they name, and what they state."""
