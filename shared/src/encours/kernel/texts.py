"""Characters that a text may hold, as regular expressions that Python, pydantic and JSON Schema read alike.

A name, a number or a reference is one line, since it goes into headers of e-mails, addresses and exports. It
holds no encoded word (RFC 2047, ``=?utf-8?q?…?=``), which a mail program would show as another text.
"""

from __future__ import annotations

import re

ONE_LINE = r"^(?:[^=\x00-\x1f\x7f-\x9f\u2028\u2029]|=+[^=?\x00-\x1f\x7f-\x9f\u2028\u2029])*=*$"
SEVERAL_LINES = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"

BREAKS = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029]+")
"""Controls, line and paragraph separators, and blanks that are not visible as such."""
HIDDEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ue000-\uf8ff\ud800-\udfff]")
"""Marks of direction, invisible characters, private use (blocks), halves of surrogate pairs."""

_FORMULA = re.compile(r"(^|;)(?=\s*[=+\-@\uff1d\uff0b\uff0d\uff20])")
"""Beginning of what a spreadsheet takes for a formula (OWASP, CSV injection), the full-width signs of East Asian ones
included. Excel in French takes a semicolon for the end of a cell, whatever separates the fields of a file."""

FIELD_CODE = r"^[a-z][a-z0-9_]{0,39}$"
PHONE = r"^\+?[0-9 ().-]{3,30}$"


def one_line(text: str) -> str:
    """Return the text on one line, without characters that are not seen. No-break spaces stay."""
    return BREAKS.sub(" ", HIDDEN.sub("", text)).strip()


def harmless(text: str) -> str:
    """Return the text with an apostrophe before all that a spreadsheet would take for a formula."""
    return _FORMULA.sub(r"\1'", text)
