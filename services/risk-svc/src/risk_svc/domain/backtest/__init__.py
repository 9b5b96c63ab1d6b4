"""Back-test of a limit policy: the policy, its verdict on a past order, and what became of the order."""
