"""/v1/ledgers/{name}/clock."""
