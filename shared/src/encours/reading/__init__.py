"""Reading read models: the two dates, freshness, pages."""
