"""Forms of texts in words: what to write where a pattern does not match, for people who read no expressions."""

from __future__ import annotations

import re

from encours.kernel.texts import ONE_LINE, SEVERAL_LINES

_FORMS = {
    ONE_LINE: "Write one line of text without control characters and encoded words (=?utf-8?q?…?=).",
    SEVERAL_LINES: "Write text without control characters; lines may end, and tabulations are allowed.",
    "^[A-Z]{3}$": "Write the ISO 4217 code of a currency in capitals, such as EUR.",
    "^[A-Z]{2}$": "Write the ISO 3166-1 code of a country in capitals, such as FR.",
    "^[a-z]{2}$": "Write the ISO 639-1 code of a language in small letters, such as fr.",
    "^[0-9]{1,4}(,[0-9]{1,4})*$": "Write the last days of the bands with commas between them, such as 30,60,90.",
    "^(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])$": "Write a month from 1900-01 to 2199-12 such as 2026-03.",
    "^20[0-9]{2}-(0[1-9]|1[0-2])$": "Write a month such as 2026-03.",
    "^[0-9a-f]{64}$": "Write a SHA-256 as 64 lower-case hexadecimal digits.",
    "^[0-9a-z]{4,32}$": "Write the id of an API key: the part between its underscores.",
    "^key:[0-9a-z]{4,32}$": "Write key: and the id of an API key, the part between its underscores.",
    "^-?[a-z0-9_:+-]+$": "Write the name of a column, or a measure of one such as sum:outstanding.",
    "^[a-z0-9_-]+$": "Write a date such as 2026-03-31, or a word such as end_of_last_month.",
    r"^\S+$": "Write text without blanks.",
    "^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$": "Write a time of the day from 00:00 to 24:00.",
    "^[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?$": "Write a BIC of 8 or 11 capitals and digits.",
    r"^\+?[0-9 ().-]{3,30}$": "Write a telephone number: digits, blanks, (, ), . and -, with + before the country.",
}
_ID = re.compile(r"\^([a-z]+_)\[0-9a-f\]\{32\}\$")
_DECIMAL = re.compile(r"\^(-\?)?\[0-9\]\{1,(\d+)\}\(\\\.\[0-9\]\{1,(\d+)\}\)\?\$")
_CODE = re.compile(r"\^\[([A-Za-z0-9-]+)\]\[([A-Za-z0-9._+-]+)\]\{0,(\d+)\}\$")
_RANGES = {"A-Z": "capitals", "a-z": "small letters", "0-9": "digits"}
_ONE = {"A-Z": "a capital", "a-z": "a small letter", "0-9": "a digit"}


def form_of(pattern: str) -> str | None:
    """Return the words for a pattern; ``None`` for one that none are kept for."""
    if (named := _ID.fullmatch(pattern)) is not None:
        return f"Write an id: {named[1]} and 32 lower-case hexadecimal digits."
    if (decimal := _DECIMAL.fullmatch(pattern)) is not None:
        sign = "" if decimal[1] else ", not below 0"
        return (
            f"Write a decimal such as 1234.5, of up to {decimal[2]} digits and {decimal[3]} decimals{sign}."
        )
    if (code := _CODE.fullmatch(pattern)) is not None:
        first = _joined([words for part, words in _ONE.items() if part in code[1]], "or")
        return (
            f"Write a code: {first}, then {_joined(_characters(code[2]), 'and')}, {int(code[3]) + 1} at most."
        )
    return _FORMS.get(pattern)


def _characters(ranges: str) -> list[str]:
    found = []
    for part, words in _RANGES.items():
        if part in ranges:
            found.append(words)
            ranges = ranges.replace(part, "")
    return [*found, *ranges]


def _joined(words: list[str], last: str) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"
