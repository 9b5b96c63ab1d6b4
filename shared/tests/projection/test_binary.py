"""Rows in PostgreSQL's binary COPY format; that a server reads them is held by tests/integration/projection."""

from __future__ import annotations

import struct
from typing import Annotated, Any

import pytest

from encours.projection.binary import row_encoder
from encours.projection.rows import Id, Row


class Paid(Row, kw_only=True):
    TABLE = "paid"
    KEY = ("position",)
    position: int
    amount_minor: int
    invoice_id: Annotated[str, Id("inv")]
    reference: str | None
    left_minor: int | None


DIGITS = "0190" * 8
PAID: dict[str, Any] = {
    "position": 7,
    "amount_minor": -5,
    "invoice_id": f"inv_{DIGITS}",
    "reference": None,
    "left_minor": 1,
}


def test_a_row_is_its_number_of_columns_then_length_and_value_of_each() -> None:
    assert row_encoder(Paid)(Paid(**PAID)) == (
        struct.pack("!hiqiqi", 5, 8, 7, 8, -5, 16)
        + bytes.fromhex(DIGITS)
        + struct.pack("!iiq", -1, 8, 1)  # a null has the length -1
    )


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("amount_minor", 2**63),
        ("amount_minor", None),
        ("amount_minor", 1.5),
        ("left_minor", 2**63),
        ("invoice_id", f"pay_{DIGITS}"),
        ("invoice_id", "inv_0190"),
        ("invoice_id", DIGITS),
        ("invoice_id", f"0190{DIGITS}"),
        ("invoice_id", f"inv_inv_{DIGITS[4:]}"),
        ("invoice_id", "inv_" + "01 90 " * 5 + "01"),
        ("invoice_id", None),
        ("reference", "\ud800"),
        ("reference", 5),
    ],
)
def test_a_value_that_its_column_cannot_hold_is_refused(column: str, value: Any) -> None:
    with pytest.raises((struct.error, ValueError, TypeError, AttributeError)):
        row_encoder(Paid)(Paid(**(PAID | {column: value})))


class Settled(Row, kw_only=True):
    TABLE = "settled"
    KEY = ("invoice_id",)
    invoice_id: Annotated[str, Id("inv")]
    payment_id: Annotated[str | None, Id("pay")]


@pytest.mark.parametrize(
    ("payment_id", "encoded"),
    [
        (None, struct.pack("!i", -1)),
        ("", struct.pack("!i", 16) + bytes(16)),
        (f"pay_{DIGITS}", struct.pack("!i", 16) + bytes.fromhex(DIGITS)),
    ],
)
def test_an_identifier_is_its_16_bytes_and_no_text_is_the_nil_one(
    payment_id: str | None, encoded: bytes
) -> None:
    row = Settled(invoice_id=f"inv_{DIGITS}", payment_id=payment_id)
    assert row_encoder(Settled)(row) == struct.pack("!hi", 2, 16) + bytes.fromhex(DIGITS) + encoded
