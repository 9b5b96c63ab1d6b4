"""What the figures mean: pure arithmetic on minor units and days, each with the id of its definition."""
