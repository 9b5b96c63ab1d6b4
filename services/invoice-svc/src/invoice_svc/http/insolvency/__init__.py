"""/v1/customers/{id}/insolvency: proceedings of a debtor, and the claims to declare in them."""
