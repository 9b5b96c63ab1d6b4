"""Tables, pure projections and their queries, side by side."""
