"""The ladder [scénario de relance]: what happens to a late invoice on which day, as a pure function."""
