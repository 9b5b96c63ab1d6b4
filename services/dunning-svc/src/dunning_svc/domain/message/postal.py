"""Addresses as they are printed: no country on mail within a country, its name in capitals on mail abroad.

The name is in the language of the country that the mail is sent from (UPU Convention regulations, S42). The names are
those of the Unicode CLDR, in a file of their own, as a message that is written again has to have them as they were.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from dunning_svc.domain.message import cleaning

_FRENCH = ("FR", "MC", "BE", "CH", "LU", "GP", "MQ", "GF", "RE", "YT", "PM", "BL", "MF", "WF", "PF", "NC")
_LANGUAGES: Mapping[str, str] = dict.fromkeys(_FRENCH, "fr") | dict.fromkeys(("DE", "AT", "LI"), "de")
"""Languages of sending countries; French where it is one of several, as the UPU's own; English elsewhere."""


def printed(address: str, *, sent_from: str, read_in: str) -> list[str]:
    """Return the lines of an address, cleaned; the last line of ``address`` is the code of its country.

    The country is named unless the reader is in it: the post for an addressee, the addressee for a sender.
    """
    *lines, last = cleaning.lines(address).splitlines() or [""]
    if last not in _names():
        return [*lines, last] if last else lines
    return lines if last == read_in else [*lines, _names()[last][_LANGUAGES.get(sent_from, "en")].upper()]


def country_of(address: str | None) -> str | None:
    """Return the code of the country in the last line of an address."""
    last = (address or "").rpartition("\n")[2].strip()
    return last if last in _names() else None


@cache
def _names() -> dict[str, dict[str, str]]:
    text = files(__package__).joinpath("countries.csv").read_text(encoding="utf-8")
    return {row["code"]: row for row in csv.DictReader(text.splitlines())}
