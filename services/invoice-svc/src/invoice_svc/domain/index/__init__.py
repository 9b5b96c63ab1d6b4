"""A price index as dated data: values by month, quarter or year, with their source."""
