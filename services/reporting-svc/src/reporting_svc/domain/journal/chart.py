"""Chart of accounts [plan comptable]: accounts and journals that entries are written on, read from ``chart.toml``."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec

from encours.kernel.errors import Invalid

_NUMBER = re.compile(r"[1-8][0-9]{2}[0-9A-Z]{0,9}")
_VAT = "vat_"


class AccountNumberRefused(Invalid):
    """An account of an export is unknown, or its number does not belong to the French chart of accounts (422)."""

    code = "account-refused"
    title = "Account cannot be used"
    remedy = "Use the names listed in the accounts of an export, and numbers that begin with three digits."


def is_account_number(text: str) -> bool:
    """Return true for a number of classes 1 to 8: its first three characters are digits (LPF A47 A-1 VII)."""
    return _NUMBER.fullmatch(text) is not None


class LedgerAccount(msgspec.Struct, frozen=True):
    """Account of the general ledger."""

    number: str
    label: str


class Journal(msgspec.Struct, frozen=True):
    """Journal that entries are written in."""

    code: str
    label: str


class Chart(msgspec.Struct, frozen=True):
    """Accounts by purpose, VAT accounts by rate in hundredths of a percent, and journals by kind."""

    accounts: Mapping[str, LedgerAccount]
    vat: Mapping[int, LedgerAccount]
    journals: Mapping[str, Journal]

    def __getitem__(self, purpose: str) -> LedgerAccount:
        return self.accounts[purpose]

    def vat_at(self, rate_bps: int) -> LedgerAccount:
        """Return the account of VAT collected at a rate."""
        return self.vat.get(rate_bps) or self.accounts["vat_other"]

    def numbered(self, number: str, like: str) -> LedgerAccount:
        """Return the account of a number that an event names, with the label of a purpose if the chart has none."""
        known = (*self.accounts.values(), *self.vat.values())
        label = next((each.label for each in known if each.number == number), self.accounts[like].label)
        return LedgerAccount(number, label)

    def with_numbers(self, numbers: Mapping[str, str], at: str = "/accounts") -> Chart:
        """Return the chart with an entity's own numbers by purpose, such as ``vat_2000`` for VAT of 20 %.

        ``at``: JSON pointer to the numbers. Raises :class:`AccountNumberRefused` for an unknown purpose and for a
        number outside classes 1 to 8.
        """
        accounts, vat = dict(self.accounts), dict(self.vat)
        for purpose, number in numbers.items():
            if not is_account_number(number):
                raise AccountNumberRefused(
                    f"{number!r} is not an account of classes 1 to 8.", f"{at}/{purpose}"
                )
            rate = purpose.removeprefix(_VAT)
            if purpose in accounts:
                accounts[purpose] = LedgerAccount(number, accounts[purpose].label)
            elif purpose.startswith(_VAT) and rate.isdecimal() and len(rate) <= 4:
                named = vat.get(int(rate)) or accounts["vat_other"]
                vat[int(rate)] = LedgerAccount(number, named.label)
            else:
                raise AccountNumberRefused(f"There is no account named {purpose!r}.", f"{at}/{purpose}")
        return Chart(accounts, vat, self.journals)

    def numbers(self) -> dict[str, str]:
        """Return the number of each account by its purpose."""
        plain = {purpose: each.number for purpose, each in self.accounts.items()}
        return plain | {f"{_VAT}{rate}": each.number for rate, each in sorted(self.vat.items())}


@cache
def default_chart() -> Chart:
    """Return the chart of ``chart.toml``."""
    text = files("reporting_svc.domain.journal").joinpath("chart.toml").read_text(encoding="utf-8")
    found: Mapping[str, Any] = tomllib.loads(text)
    return Chart(
        {purpose: LedgerAccount(**row) for purpose, row in found["accounts"].items()},
        {int(rate): LedgerAccount(**row) for rate, row in found["vat"].items()},
        {kind: Journal(**row) for kind, row in found["journals"].items()},
    )
