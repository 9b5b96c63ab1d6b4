"""Back-tests of policies."""
