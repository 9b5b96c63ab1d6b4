"""Help for tests: real servers, given/when/then, builders."""
