"""Damaged rows of the read model that the sums of bands, open items and accounts do not show, by report."""

from __future__ import annotations

from encours.contracts.events.dunning.placements import InvoicesPlaced, PlacedInvoice
from encours.testing.events import event as sample
from tests.integration.money_acts import promise
from tests.integration.naive_published import PLAN, set_plan
from tests.integration.receivable_histories import CUSTOMERS, ENTITY, Books, issue

MOVEMENTS = "movements of the accounts"
MINE = f"customer_id <> '{CUSTOMERS[0].removeprefix('cus_')}'::uuid"
LATE, OTHER = "band_5_minor desc, customer_id", "band_5_minor, customer_id"
DAY, ITEM, MOVED, SHIFTED = (
    ("day_sum", "account_minor", ("effective_on",)),
    ("item", "open_minor", ("open_minor = 0, due_on",)),
    ("movement", "account_minor", (f"account_minor = 0, {MINE}, position desc",)),
    ("balance", "band_5_minor", (LATE, OTHER)),
)
CONTESTED = ("item", "disputed_minor", ("disputed_minor not between 1 and open_minor - 1, due_on",))
SHARED = (7_001, 7_002)
"""Amounts of the invoices that are promised and placed, which no others have."""
PROMISED, PLACED = (("movement", "item_minor", (f"item_minor <> {minor}",)) for minor in SHARED)
SOLD = ("product_sale", "net_minor", ("position desc",))
"""A cent more on a day, on the oldest open item, in the last movement; one that goes from a customer to another;
in dispute of an item, in the last movement of the invoice that is promised and of the one that is placed, of a product.
"""
COMPARISON = f"turnover-plans/{PLAN}/comparison"
_ASKED: list[tuple[str, dict[str, str], str, str, tuple[str, ...], str]] = [
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
    ("turnover", {"group_by": "product"}, *SOLD, "documents by product (without VAT)"),
    (COMPARISON, {}, *SOLD, "documents by product (without VAT)"),
    (COMPARISON, {}, *MOVED, "groups ("),
    ("aged-balance", {}, *CONTESTED, "disputed amounts"),
    ("aged-balance", {"bands": "30,60"}, *CONTESTED, "disputed amounts"),
    ("aged-balance", {}, *PLACED, "placed amounts"),
    ("aged-balance/groups", {}, *PROMISED, "promised amounts"),
    ("dashboard", {}, *PROMISED, "promised amounts"),
]
OWN_SUMS = [
    (report, asked if report == COMPARISON else {"currency": "EUR"} | asked, *rest)
    for report, asked, *rest in _ASKED
]
"""Report, what is asked of it, table and column, orders of the rows that are changed, and part of the detail."""


def with_shares(books: Books) -> Books:
    """Add an invoice of each customer, of which one is promised and one placed, and a plan of the turnover."""
    day = books.today
    for n, minor in enumerate(SHARED):
        issue(books, n, day, minor)
    books.ends.append(len(books.log))
    promise(books, 24, day, 9_000_000)
    books.ends.append(len(books.log))
    invoice_id = list(books.open)[-1]
    placed = sample(
        InvoicesPlaced,
        placement_id="plc_" + "1" * 32,
        customer_id=CUSTOMERS[1],
        invoices=(sample(PlacedInvoice, invoice_id=invoice_id),),
    )
    books.record("plc_" + "1" * 32, placed, day)
    books.ends.append(len(books.log))
    set_plan(books, 0, day, 9_000)
    books.ends.append(len(books.log))
    return books
