"""Documents that an advice names, as the debtor writes their numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from invoice_svc.domain.payment.indication import digits_of, indication, number_key

_ANNOUNCED = "FACTURE "
"""Word before a number that makes it one of an invoice, however short it is written."""
_GROUP = re.compile(r"[0-9]+")


class AdvisableDocument(NamedTuple):
    """An issued document that an advice may mean; a credit note has the invoice that it corrects, if any."""

    document_number: str
    invoice_id: str | None
    credit_note_id: str | None = None


def identify(written: Iterable[str], documents: Sequence[AdvisableDocument]) -> dict[str, AdvisableDocument]:
    """Return the document that each text means; none for a text that fits several, or no one.

    A number is matched whole, then by all of its digits, then in part, as in a bank text
    (:mod:`invoice_svc.domain.payment.indication`).
    """
    whole: dict[str, list[AdvisableDocument]] = {}
    digits: dict[str, list[AdvisableDocument]] = {}
    ending: dict[str, list[AdvisableDocument]] = {}
    for each in documents:
        whole.setdefault(number_key(each.document_number), []).append(each)
        digits.setdefault(digits_of(each.document_number), []).append(each)
        ending.setdefault(_ending(each.document_number), []).append(each)
    found: dict[str, AdvisableDocument] = {}
    for text in dict.fromkeys(written):
        fitting = (
            whole.get(number_key(text))
            or digits.get(digits_of(text))
            or _in_part(text, ending.get(_ending(text), []))
        )
        if len(fitting) == 1:
            found[text] = fitting[0]
    return found


def _ending(number: str) -> str:
    """Return the last group of digits without leading zeros."""
    return next(iter(_GROUP.findall(number)[-1:]), "").lstrip("0")


def _in_part(text: str, documents: Sequence[AdvisableDocument]) -> list[AdvisableDocument]:
    by_number = {each.document_number: each for each in documents}
    read = indication(_ANNOUNCED + text, by_number)
    return [] if read.unclear else [by_number[citation.number] for citation in read.cited]
