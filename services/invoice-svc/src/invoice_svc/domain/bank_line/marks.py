"""Marks of a bank line: all that it states by which it may be matched, and found again when a relevant event comes."""

from __future__ import annotations

from collections.abc import Sequence

from stdnum import iso11649
from stdnum.exceptions import ValidationError

from encours.contracts.events.money.bank import BankLineRecorded
from invoice_svc.domain.customer.likeness import plain_name
from invoice_svc.domain.payment.indication import digits_in, keys_in

_LEAST_DIGITS = 4
_MOST_NUMBERS = 400


def reference_key(reference: str | None) -> str | None:
    """Return the letters and digits of an invoice number in a reference of ISO 11649; None if it is not valid."""
    try:
        return iso11649.compact(iso11649.validate(reference or ""))[4:]
    except ValidationError:
        return None


def text_of(line: BankLineRecorded) -> str:
    """Return the words of the payer: the remittance text with the number in the creditor reference, or that itself."""
    reference = reference_key(line.creditor_reference) or line.creditor_reference
    return " ".join(part for part in (line.remittance_text, reference) if part)


def numbers_of(line: BankLineRecorded) -> list[str]:
    """Return all that may be the letters and digits, or the digits, of an invoice's number."""
    digits = [found for found in digits_in(line.remittance_text) if len(found) >= _LEAST_DIGITS]
    key = reference_key(line.creditor_reference)
    found = [*([key] if key else []), *keys_in(line.remittance_text), *digits]
    return list(dict.fromkeys(found))[:_MOST_NUMBERS]


def of_number(key: str) -> str:
    """Return the mark of an invoice's number, or of its digits."""
    return f"number:{key}"


def of_account(iban: str) -> str:
    """Return the mark of a payer's account."""
    return f"account:{iban}"


def of_virtual_iban(iban: str) -> str:
    """Return the mark of the account to which the payer sent the money."""
    return f"virtual:{iban}"


def of_name(plain: str) -> str:
    """Return the mark of a payer's name, as :func:`plain_name` writes it."""
    return f"name:{plain}"


def of_amount(minor: int) -> str:
    """Return the mark of an amount in minor units."""
    return f"amount:{minor}"


def marks_of(line: BankLineRecorded) -> list[str]:
    """Return the marks of a line."""
    marks = [of_number(key) for key in numbers_of(line)]
    if line.party_account:
        marks.append(of_account(line.party_account))
    if line.credited_account:
        marks.append(of_virtual_iban(line.credited_account))
    if line.party_name:
        marks.append(of_name(plain_name(line.party_name)))
    return [*marks, of_amount(line.amount_minor)]


def texts_of(line: BankLineRecorded) -> Sequence[str]:
    """Return the texts in which a reference of an advice may stand."""
    texts = (line.remittance_text, line.end_to_end_id, line.creditor_reference, *line.other_references)
    return [text for text in texts if text]
