"""Numbers of cheques, bills and notes in a line of a bank statement."""

from __future__ import annotations

import re

from encours.contracts.events.money.bank import BankLineRecorded
from invoice_svc.domain.instrument.state import Instrument

_WORD = re.compile("[0-9A-Za-z]+(?:[/._-][0-9A-Za-z]+)*")
_LEAST_LENGTH = 5
_MOST = 50


def numbers_in(line: BankLineRecorded) -> list[str]:
    """Return what may be the number of an instrument: references, and words of the text with a digit."""
    references = (line.bank_reference, line.end_to_end_id, *line.other_references)
    words = (word for word in _WORD.findall(line.remittance_text or "") if len(word) >= _LEAST_LENGTH)
    found = (each for each in (*references, *words) if each and any(sign.isdigit() for sign in each))
    return list(dict.fromkeys(found))[:_MOST]


def is_paid_by(state: Instrument, line: BankLineRecorded) -> bool:
    """Return True if a line of money in has the number and all of the amount of an instrument that may be paid."""
    return (
        state.status in ("in_hand", "remitted", "unconfirmed", "cleared")
        and (state.amount_minor, state.currency) == (line.amount_minor, line.currency)
        and state.number in numbers_in(line)
        and state.received_on <= line.booked_on
    )
