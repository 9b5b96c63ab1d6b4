"""Text messages: characters, encoding and parts (3GPP TS 23.038, 23.040), counted before one is sent."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

from encours.kernel.texts import one_line

PARTS_MAX = 2
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("^{}\\[~]|€\f")
_GSM = _BASIC | _EXTENDED
_BLANKS = re.compile("[ \u00a0\u2009\u202f]+")
_QUOTES = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "..."})


@dataclass(frozen=True, slots=True)
class ShortMessage:
    """Text of a message, its encoding and the number of parts that it is sent in."""

    text: str
    encoding: Literal["gsm7", "ucs2"]
    parts: int


def short_message(text: str) -> ShortMessage:
    """Return the text on one line with its encoding and parts. Raises ``ValueError`` for more than two parts.

    Accents that the alphabet of GSM lacks are left off, as in ``aout``, if that spares UCS-2. The alphabet has 160
    characters in a message and 153 in a part; characters of its extension count twice, and none is divided. A text with
    any other character, such as ``½``, is sent as UCS-2: 70, and 67 code units of UTF-16.
    """
    text = _BLANKS.sub(" ", one_line(text.replace("\n", " "))).translate(_QUOTES)
    plain = "".join(char if char in _GSM else _unaccented(char) for char in text)
    if all(char in _GSM for char in plain):
        found = ShortMessage(plain, "gsm7", _parts([2 if c in _EXTENDED else 1 for c in plain], 160, 153))
    else:
        found = ShortMessage(text, "ucs2", _parts([2 if ord(c) > 0xFFFF else 1 for c in text], 70, 67))
    if found.parts > PARTS_MAX:
        raise ValueError(f"the text message would be sent in {found.parts} parts; {PARTS_MAX} is the limit")
    return found


def _unaccented(char: str) -> str:
    return unicodedata.normalize("NFD", char)[0] if char.isalpha() else char


def _parts(widths: list[int], alone: int, each: int) -> int:
    if sum(widths) <= alone:
        return 1
    parts, used = 1, 0
    for width in widths:
        if used + width > each:
            parts, used = parts + 1, 0
        used += width
    return parts
