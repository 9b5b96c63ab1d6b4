"""The real half of the demo: invoices of UCI Online Retail, read from the package."""

from __future__ import annotations

import csv
import gzip
import io
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from importlib.resources import files

_NOISE = Decimal("1e-9")
_PENNY = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class RetailInvoice:
    """One real invoice. ``amount`` is the text that is sent, ``total_minor`` what it means in pence."""

    number: str
    customer: str
    issued_on: date
    amount: str
    total_minor: int


def raw_csv() -> str:
    """The data set as it came, per invoice."""
    packed = files("encours.demo").joinpath("data/online_retail_by_invoice.csv.gz").read_bytes()
    return gzip.decompress(packed).decode("ascii")


def retail_invoices() -> list[RetailInvoice]:
    """All 18,532 of them, in the order of the file."""
    rows = csv.DictReader(io.StringIO(raw_csv()))
    return [_invoice(row) for row in rows]


def _invoice(row: dict[str, str]) -> RetailInvoice:
    exact = Decimal(row["TotalPrice"])
    rounded = exact.quantize(_PENNY, ROUND_HALF_UP)
    # Four totals have real fractions of a penny; the importer would rightly refuse them.
    text = row["TotalPrice"] if abs(exact - rounded) <= _NOISE else str(rounded)
    issued_on = date.fromisoformat(row["InvoiceDate"])
    return RetailInvoice(row["InvoiceNo"], row["CustomerID"], issued_on, text, int(rounded * 100))


def invoices_csv(invoices: list[RetailInvoice]) -> bytes:
    """The file that is taken over: the columns of the data set."""
    lines = ["InvoiceNo,InvoiceDate,CustomerID,TotalPrice"]
    lines += [f"{i.number},{i.issued_on.isoformat()},{i.customer},{i.amount}" for i in invoices]
    return ("\n".join(lines) + "\n").encode("ascii")
