"""/v1/exchange-rates: rates by day, with their source."""
