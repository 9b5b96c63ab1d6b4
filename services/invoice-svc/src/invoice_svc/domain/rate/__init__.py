"""Exchange rates of an entity: by day, with their source."""
