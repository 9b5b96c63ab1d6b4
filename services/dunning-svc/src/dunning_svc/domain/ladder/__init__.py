"""The ladder [scénario de relance]: the action for a late invoice on each day, as a pure function."""
