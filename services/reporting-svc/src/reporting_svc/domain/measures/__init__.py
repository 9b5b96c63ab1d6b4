"""Definitions of the figures: pure arithmetic on minor units and days, each with the id of its definition."""
