"""Reads a bank's file: finds its format, its statements, and checks that their balances agree with their lines."""

from __future__ import annotations

import codecs
from collections.abc import Sequence

from encours.contracts.events.money.bank import CsvMap
from encours.kernel.money import format_amount
from invoice_svc.bank import camt, cfonb120, columns, mt940, ofx
from invoice_svc.bank.faults import BankFileInvalid, BankFileUnknown, StatementUnbalanced
from invoice_svc.domain.bank_statement.content import StatedContent

MAX_BYTES = 64 * 1024 * 1024
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_BALANCED = frozenset({"camt", "mt940", "cfonb120"})
"""Formats that state both balances of each statement."""


def read(data: bytes) -> list[StatedContent]:
    """Return the statements of a file whose format shows in its content.

    Raises refusals of :mod:`invoice_svc.bank.faults`; a fault of one statement refuses the file.
    """
    if not data.strip():
        raise BankFileUnknown("The file is empty.")
    text = text_of(data)
    if ofx.looks_like(text):
        return checked(ofx.read(text))
    if text.lstrip().startswith("<") or data.startswith(_UTF16):
        return checked(camt.read(data.lstrip()))
    for reader in (mt940, cfonb120):
        if reader.looks_like(text):
            return checked(reader.read(text))
    raise BankFileUnknown(
        "It is neither camt nor MT940, CFONB 120 or OFX; a CSV file needs a map of its columns."
    )


def read_csv(data: bytes, csv_map: CsvMap, currency: str, account: str) -> list[StatedContent]:
    """Return the statement of a CSV file. Raises refusals of :mod:`invoice_svc.bank.faults`."""
    try:
        text = data.decode(csv_map.encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as fault:
        raise BankFileInvalid(f"Byte {fault.start + 1} is not {csv_map.encoding}.") from None
    return checked([columns.read(text, csv_map, currency, account)])


def text_of(data: bytes) -> str:
    """Return a bank's text: UTF-8, else Windows-1252, which has all that is printed in ISO 8859-1."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def checked(statements: Sequence[StatedContent]) -> list[StatedContent]:
    """Return the statements if each one's balances agree with its lines.

    Raises :class:`StatementUnbalanced` with the differences, :class:`BankFileInvalid` for a balance that is missing.
    """
    faults, differences = [], []
    for n, each in enumerate(statements, 1):
        if each.kind != "statement":
            continue
        if each.opening is None or each.closing is None:
            if each.format in _BALANCED:
                missing = "opening" if each.opening is None else "closing"
                raise BankFileInvalid(f"Statement {n} of account {each.account} has no {missing} balance.")
            continue
        difference = each.opening.amount_minor + each.booked_minor - each.closing.amount_minor
        if difference:
            opening, booked, closing, off = (
                format_amount(minor, each.currency)
                for minor in (
                    each.opening.amount_minor,
                    each.booked_minor,
                    each.closing.amount_minor,
                    difference,
                )
            )
            faults.append(
                f"Statement {n} ({each.reference or each.sequence or each.account}): {opening} + {booked} is not "
                f"{closing} {each.currency}; the difference is {off}."
            )
            differences.append({"statement": n, "difference": {"amount": off, "currency": each.currency}})
    if faults:
        raise StatementUnbalanced(" ".join(faults[:20]), extra={"differences": differences[:100]})
    return list(statements)
