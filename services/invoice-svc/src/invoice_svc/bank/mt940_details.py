"""Field :86: of MT940: subfields as German banks write them, words between slashes, or free text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from invoice_svc.bank.fields import text_of

_SUBFIELDS = re.compile(r"(?P<code>\d{3})(?P<sign>[^0-9A-Za-z\s])(?=\d\d)", re.ASCII)
_PURPOSE = tuple(f"{n:02}" for n in (*range(20, 30), *range(60, 64)))
_SEPA = re.compile(r"(?:^|(?<=\s)|(?<=[^A-Z]))(EREF|KREF|MREF|CRED|DEBT|SVWZ|ABWA|ABWE|IBAN|BIC|COAM|OAMT)\+")
_SLASHES = re.compile(
    r"/(EREF|MARF|CSID|IBAN|BIC|NAME|REMI|RTRN|ORDP|BENM|TRTP|PREF|PURP|ADDR|CNTP|ULTD|ULTC)/"
)
_PARTY = r"/{}/(.*?)(?=/(?:EREF|MARF|CSID|REMI|RTRN|ORDP|BENM|TRTP|PREF|PURP|CNTP|ULTD|ULTC)/|$)"
_ORDERING, _BENEFICIARY = (re.compile(_PARTY.format(word)) for word in ("ORDP", "BENM"))


@dataclass(frozen=True, slots=True)
class Details:
    """Content of the field, as far as its form tells it apart."""

    text: str | None = None
    code: str | None = None
    """Business transaction code [Geschäftsvorfallcode]."""
    end_to_end: str | None = None
    mandate: str | None = None
    creditor_id: str | None = None
    name: str | None = None
    account: str | None = None
    bic: str | None = None
    return_code: str | None = None
    credited: str | None = None
    """Account of the beneficiary, where the money came in."""


def details_of(lines: Sequence[str], *, incoming: bool) -> Details:
    """Return the details of a field's lines; of ordering party and beneficiary the other one is the party."""
    joined = "".join(lines)
    if (found := _SUBFIELDS.match(joined)) is not None:
        return _german(joined[found.end("sign") :], found["sign"], found["code"])
    if len(_SLASHES.findall(joined)) >= 2:
        return _slashes(joined, incoming=incoming)
    return Details(text=text_of(*lines))


def _german(text: str, sign: str, code: str) -> Details:
    values: dict[str, str] = {}
    for part in text.split(sign):
        key, value = part[:2], part[2:]
        if key.isascii() and key.isdigit():
            values[key] = values.get(key, "") + value
        elif values:
            values[next(reversed(values))] += sign + part
    purpose = "".join(values.get(key, "") for key in _PURPOSE)
    words = _words(purpose, _SEPA)
    # ?34 is the bank's key 900 to 999 of a return (DFÜ agreement, annex 3, ch. 8).
    returned = (
        values.get("34", "") if values.get("34", "").startswith("9") and code in ("108", "109", "159") else ""
    )
    plain = purpose if not words else words.get("SVWZ", "")
    return Details(
        text=text_of(plain) or text_of(values.get("00")),
        code=code,
        end_to_end=words.get("EREF"),
        mandate=words.get("MREF"),
        creditor_id=words.get("CRED"),
        name=text_of(values.get("32", "") + values.get("33", "")),
        account=values.get("31"),
        bic=values.get("30"),
        return_code=returned or None,
    )


def _slashes(text: str, *, incoming: bool) -> Details:
    ours = (_BENEFICIARY if incoming else _ORDERING).search(text)
    others = text if ours is None else text[: ours.start()] + text[ours.end() :]
    words = {key: value.strip("/") for key, value in _words(others, _SLASHES).items()}
    own = {} if ours is None else _words(ours.group(1), _SLASHES)
    remitted = words.get("REMI", "").removeprefix("USTD//").removeprefix("STRD/")
    return Details(
        text=text_of(remitted) or text_of(text),
        end_to_end=words.get("EREF"),
        mandate=words.get("MARF"),
        creditor_id=words.get("CSID"),
        name=words.get("NAME"),
        account=words.get("IBAN"),
        bic=words.get("BIC"),
        return_code=words.get("RTRN"),
        credited=own.get("IBAN", "").strip("/") or None if incoming else None,
    )


def _words(text: str, pattern: re.Pattern[str]) -> dict[str, str]:
    """Return the text after each word, up to the next one; the first of each word counts."""
    found = list(pattern.finditer(text))
    words: dict[str, str] = {}
    for match, after in zip_longest(found, found[1:]):
        end = len(text) if after is None else after.start()
        words.setdefault(match.group(1), text[match.end() : end])
    return words
