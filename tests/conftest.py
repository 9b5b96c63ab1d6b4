"""Tests across services. The fixtures with real servers come from `encours.testing.plugin`."""
