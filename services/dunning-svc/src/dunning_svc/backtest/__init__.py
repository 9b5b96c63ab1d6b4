"""Back-tests: a version of a policy on the real ledger of a past period, with nothing sent."""
