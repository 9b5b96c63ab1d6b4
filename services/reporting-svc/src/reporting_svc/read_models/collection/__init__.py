"""Collection of periods, for the collection effectiveness index and the measures beside it."""
