"""Texts of the events, English and French, by what they are about."""
