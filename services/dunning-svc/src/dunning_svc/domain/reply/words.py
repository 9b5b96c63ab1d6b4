"""Own words of a reply: sentences with their places, without quotations, signatures and headers of other messages.

Offsets are places in the text as it was given. Programs mark a quotation with ``>``, or put the headers of the quoted
message or a line such as "On … wrote:" above it (RFC 3676 4.5 for the mark, 4.3 for the line ``-- `` of signatures).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

MAX_TEXT = 20_000
"""Longest text that is read; what follows is cut."""

_SAME_WIDTH = str.maketrans(
    {
        "\u00a0": " ",
        "\u202f": " ",
        "\u2009": " ",
        "\t": " ",
        "\r": " ",
        "’": "'",
        "‘": "'",
        "–": "-",
        "—": "-",
    }
)

_QUOTED = re.compile(r"^[ ]*(>|\|)")
_INTRODUCES = re.compile(
    r"^\W{0,4}(on .{6,200}\bwrote|le .{6,200}\ba écrit|am .{6,200}\bschrieb.{0,120}"
    r"|.{3,100}<\S{1,200}@\S{1,200}> (wrote|a écrit|schrieb))\s*:?\s*$",
    re.IGNORECASE,
)
_OPENS = re.compile(r"^\W{0,4}(on|le|am) .{6,}", re.IGNORECASE)
_HEADER = re.compile(r"^[*> ]*(from|de|von|expéditeur)\*? ?:\*? ?\S", re.IGNORECASE)
_NEXT_HEADER = re.compile(
    r"^[*> ]*(sent|envoyé|gesendet|date|datum|to|à|an|subject|objet|betreff|cc)\*? ?:", re.IGNORECASE
)
_ORIGINAL = re.compile(
    r"^[-_ ]{2,20}.{0,40}(original message|message d'origine|message original|ursprüngliche nachricht"
    r"|forwarded message|message transféré)",
    re.IGNORECASE,
)
_RULE = re.compile(r"^_{10,}\s*$")
_CLOSING = re.compile(
    r"^\W{0,3}(bien |très )?(cordialement|cdlt|bien à vous|salutations|sincères salutations|respectueusement"
    r"|(best|kind|warm|kindest|with kind|many) regards|regards|sincerely|yours (sincerely|faithfully|truly)|cheers"
    r"|(mit )?(freundlichen?|besten?|viele[nr]?|schöne[nr]?|herzliche[nr]?) grü(ß|ss)en?|mfg|hochachtungsvoll"
    r"|sent from my .{1,40}|envoyé de mon .{1,40}|von meinem .{1,40} gesendet)\b.{0,30}$",
    re.IGNORECASE,
)
_FORMULA = re.compile(
    r"^\W*(veuillez (agréer|recevoir|croire)|nous vous prions d'agréer|je vous prie d'agréer)\b",
    re.IGNORECASE,
)
_ENDS = re.compile(r"(?<=[.!?;])\s+|\n[ ]*\n+|(?<=[.!?:;,])[ ]*\n|\n(?=[ ]*[-*•A-ZÀ-Þ])")
_WRAPPED = 60
"""Lines of this length are taken to go on in the next one."""
_ABBREVIATED = re.compile(
    r"(\b[A-Z]|\b(mr|mrs|ms|dr|st|hr|fr|nr|no|ref|réf|inv|z\.b|ca|ggf|bzw|env|art|ltd|inc|co|sté|ets)|\bn°)\.$",
    re.IGNORECASE,
)


_ORDINAL = re.compile(r"\b\d{1,2}\.$")
"""German ordinals, "15. März": no end of a sentence before a month or a small letter."""
_GOES_ON = re.compile(r"[a-zäöü]|(Jan|Feb|Mär|Apr|Mai|Jun|Jul|Aug|Sep|Okt|Nov|Dez)")


class Sentence(NamedTuple):
    """A sentence with its place in the text."""

    text: str
    start: int
    end: int


def own_words(text: str) -> list[Sentence]:
    """Return the sentences that the sender wrote."""
    plain = text[:MAX_TEXT].translate(_SAME_WIDTH)
    return list(_sentences(_blanked(plain)))


def _blanked(text: str) -> str:
    """Return the text with blanks for all that is quoted and, from the first end on, for the rest."""
    kept, lines, said = [], text.split("\n"), False
    for number, line in enumerate(lines):
        if _is_end(lines, number, said=said):
            break
        quoted = _QUOTED.match(line) is not None
        kept.append(" " * len(line) if quoted or _introduces(lines, number) else line)
        said = said or bool(kept[-1].strip())
    return "\n".join(kept)


def _introduces(lines: list[str], number: int) -> bool:
    """Return True for "On … wrote:", which programs break over two lines."""
    if _INTRODUCES.match(lines[number]):
        return True
    joined = " ".join(line.strip() for line in lines[number : number + 2])
    if _OPENS.match(lines[number]) and _INTRODUCES.match(joined):
        return True
    before = " ".join(line.strip() for line in lines[max(0, number - 1) : number + 1])
    return (
        number > 0 and _OPENS.match(lines[number - 1]) is not None and _INTRODUCES.match(before) is not None
    )


def _is_end(lines: list[str], number: int, *, said: bool) -> bool:
    """Return True where the sender's words end: a signature, a closing, or the headers of another message.

    A closing ends them only after something was said: some write it first, above their answer.
    """
    line = lines[number]
    if line.rstrip("\r") in ("-- ", "--") or _ORIGINAL.match(line):
        return True
    if _HEADER.match(line) and any(_NEXT_HEADER.match(each) for each in lines[number + 1 : number + 4]):
        return True
    if _RULE.match(line) and any(_HEADER.match(each) for each in lines[number + 1 : number + 3]):
        return True
    if _introduces(lines, number) and not any(_QUOTED.match(each) for each in lines[number + 1 :]):
        return True
    return said and bool(_CLOSING.match(line) or _FORMULA.match(line))


def _sentences(text: str) -> Iterator[Sentence]:
    start = 0
    for end in _ENDS.finditer(text):
        if _goes_on(text, start, end):
            continue
        yield from _sentence(text, start, end.start())
        start = end.end()
    yield from _sentence(text, start, len(text))


def _goes_on(text: str, start: int, end: re.Match[str]) -> bool:
    """Return True if the point belongs to an abbreviation or to an ordinal, or the line to a paragraph."""
    if "\n" in end[0]:
        line = text[text.rfind("\n", 0, end.start()) + 1 : end.start()]
        return end[0] == "\n" and len(line) >= _WRAPPED and line.rstrip()[-1:] not in tuple(".!?:;,")
    if _ORDINAL.search(text, start, end.start()):
        return _GOES_ON.match(text, end.end()) is not None
    return _ABBREVIATED.search(text, start, end.start()) is not None


def _sentence(text: str, start: int, end: int) -> Iterator[Sentence]:
    raw = text[start:end]
    stripped = raw.strip()
    if any(character.isalpha() for character in stripped):
        begin = start + raw.index(stripped)
        yield Sentence(stripped.replace("\n", " "), begin, begin + len(stripped))
