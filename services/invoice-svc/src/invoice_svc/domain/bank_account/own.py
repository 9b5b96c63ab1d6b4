"""The entity's own bank accounts, and the one among them that a bank's file means."""

from __future__ import annotations

import re

from schwifty import IBAN
from schwifty.exceptions import SchwiftyException

from encours.kernel.errors import Refusal
from invoice_svc.domain.entity.state import Entity

_SHORTEST = 5
"""Fewest characters of an account number that identifies an account."""


class BankAccountUnknown(Refusal):
    """The file is of an account that is none of the entity's, or could be several (422)."""

    code = "bank-account-unknown"
    title = "Bank account is none of the entity's"
    status = 422
    remedy = "Name an account of the entity in account=, or set it with PUT /v1/entities/{id}/bank-accounts."


def ibans_of(entity: Entity) -> list[str]:
    """Return the IBANs of the entity's accounts of any day, use and currency."""
    found = [entity.iban, *(each.iban for each in entity.accounts)]
    return list(dict.fromkeys(iban for iban in found if iban))


def find(entity: Entity, written: str, named: str | None = None) -> str:
    """Return the IBAN of the entity's account that a file means, by IBAN or by the national number in it.

    ``named`` is the account that the caller names; the file may then name none, but no other one. Raises
    :class:`BankAccountUnknown`, which lists the accounts that are known.
    """
    own = ibans_of(entity)
    if named is not None and named not in own:
        raise _unknown(entity, named)
    found = [iban for iban in own if _is_meant(iban, written)]
    if named is not None:
        if (not written and named in own) or named in found:
            return named
        raise BankAccountUnknown(f"The file is of account {written[:40]}, the request names {named}.")
    if len(found) != 1:
        raise _unknown(entity, written)
    return found[0]


def _is_meant(iban: str, written: str) -> bool:
    """Return True for the IBAN itself, the bank's number in it, or both parts of that as the country writes them."""
    compact = re.sub(r"[^A-Z0-9]", "", written.upper())
    national = iban[4:]
    if compact == iban or iban in compact:
        return True
    parts = [part for part in re.split(r"[/\s:]+", re.sub(r"[.\-]", "", written.upper())) if part]
    if not parts:
        return False
    last = re.sub(r"[A-Z]{3}$", "", parts[-1])  # banks append the currency
    if len(last) < _SHORTEST or len(compact) < _SHORTEST:
        return False
    if (
        national.startswith(compact) and len(national) - len(compact) <= 2
    ):  # without the national check digits
        return True
    account, bank = _parts(iban)
    if last.lstrip("0") != account.lstrip("0"):
        return national == compact
    named_bank = next((part for part in parts[:-1] if part.isdigit()), None)
    return named_bank is None or named_bank.lstrip("0") in (bank.lstrip("0"), "")


def _parts(iban: str) -> tuple[str, str]:
    """Return account number and bank code of an IBAN."""
    try:
        parsed = IBAN(iban)
        return parsed.account_code, parsed.bank_code
    except SchwiftyException:
        return iban[4:], ""


def _unknown(entity: Entity, written: str) -> BankAccountUnknown:
    own = ibans_of(entity)
    known = f"known are {', '.join(own)}" if own else "it has none yet"
    which = f"Account {written[:60]}" if written else "The file names no account, and"
    return BankAccountUnknown(f"{which} is not one account of {entity.name}: {known}.")
