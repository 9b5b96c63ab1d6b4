"""Damaged rows of the read model that the sums of bands, open items and accounts do not show, by report."""

from __future__ import annotations

from tests.integration.receivable_histories import CUSTOMERS, ENTITY

MOVEMENTS = "movements of the accounts"
MINE = f"customer_id <> '{CUSTOMERS[0].removeprefix('cus_')}'::uuid"
LATE, OTHER = "band_5_minor desc, customer_id", "band_5_minor, customer_id"
DAY, ITEM, MOVED, SHIFTED = (
    ("day_sum", "account_minor", ("effective_on",)),
    ("item", "open_minor", ("open_minor = 0, due_on",)),
    ("movement", "account_minor", (f"account_minor = 0, {MINE}, position desc",)),
    ("balance", "band_5_minor", (LATE, OTHER)),
)
"""A cent more on a day, on the oldest open item, in the last movement; one that goes from a customer to another."""
OWN_SUMS: list[tuple[str, dict[str, str], str, str, tuple[str, ...], str]] = [
    ("aged-balance", {}, *DAY, MOVEMENTS),
    ("aged-balance", {}, *SHIFTED, "account of cus_"),
    ("aged-balance", {"report_currency": "EUR"}, *DAY, MOVEMENTS),
    ("aged-balance", {"customer_id": CUSTOMERS[0]}, *MOVED, MOVEMENTS),
    ("aged-balance/groups", {"group_by": "salesperson"}, *SHIFTED, "customers' account"),
    ("dashboard", {}, *DAY, MOVEMENTS),
    ("dashboard", {}, *SHIFTED, "account of cus_"),
    ("dso", {}, *DAY, MOVEMENTS),
    ("open-items", {}, *ITEM, "open items of the list"),
    ("open-items", {"report_currency": "EUR"}, *ITEM, "open items of the list"),
    ("open-items", {"group_by": "entity", "group": ENTITY, "limit": "1"}, *ITEM, "open items of the list"),
    ("overdue", {}, *ITEM, "items past due"),
    ("turnover", {"from": "{today}"}, *DAY, MOVEMENTS),
    ("turnover", {"group_by": "customer"}, *MOVED, "groups ("),
]
"""Report, what is asked of it, table and column, orders of the rows that are changed, and part of the detail."""
