"""Days that a sentence names, in French, English and German, counted from the day on which it was written."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import NamedTuple

_MONTHS = (
    ("janvier", "january", "januar", "janv", "jan"),
    ("février", "february", "februar", "fevrier", "févr", "feb"),
    ("mars", "march", "märz", "maerz", "mar"),
    ("avril", "april", "avr", "apr"),
    ("mai", "may"),
    ("juin", "june", "juni", "jun"),
    ("juillet", "july", "juli", "juil", "jul"),
    ("août", "august", "aout", "aug"),
    ("septembre", "september", "sept", "sep"),
    ("octobre", "october", "oktober", "oct", "okt"),
    ("novembre", "november", "nov"),
    ("décembre", "december", "dezember", "decembre", "déc", "dec", "dez"),
)
_WEEKDAYS = (
    ("lundi", "monday", "montag"),
    ("mardi", "tuesday", "dienstag"),
    ("mercredi", "wednesday", "mittwoch"),
    ("jeudi", "thursday", "donnerstag"),
    ("vendredi", "friday", "freitag"),
    ("samedi", "saturday", "samstag", "sonnabend"),
    ("dimanche", "sunday", "sonntag"),
)
_NUMBERS = {
    **dict.fromkeys(("un", "une", "a", "one", "ein", "eine", "einer", "einem"), 1),
    **dict.fromkeys(("deux", "two", "zwei"), 2),
    **dict.fromkeys(("trois", "three", "drei"), 3),
    **dict.fromkeys(("quatre", "four", "vier"), 4),
    **dict.fromkeys(("cinq", "five", "fünf"), 5),
    **dict.fromkeys(("six", "sechs"), 6),
    **dict.fromkeys(("sept", "seven", "sieben"), 7),
    **dict.fromkeys(("huit", "eight", "acht"), 8),
    **dict.fromkeys(("dix", "ten", "zehn"), 10),
    **dict.fromkeys(("fourteen", "vierzehn"), 14),
    **dict.fromkeys(("quinze", "fifteen", "fünfzehn"), 15),
}
_MONTH_OF = {name: number for number, names in enumerate(_MONTHS, 1) for name in names}
_WEEKDAY_OF = {name: number for number, names in enumerate(_WEEKDAYS) for name in names}


def _any(names: Iterable[str]) -> str:
    return "|".join(sorted(names, key=len, reverse=True))


_MONTH, _WEEKDAY, _COUNT = _any(_MONTH_OF), _any(_WEEKDAY_OF), _any(_NUMBERS)
_NEXT = r"(?:next|prochaine?|nächste[nrs]?|kommende[nrs]?|coming|à venir)"
_ISO = re.compile(r"\b(20\d\d)-(\d\d)-(\d\d)\b")
_NUMERIC = re.compile(r"(?<![\d.,/])(\d{1,2})([./-])(\d{1,2})(?:\2(20\d\d|\d\d)|\.(?=\D|$))?(?![\d/])")
_DAY_MONTH = re.compile(
    rf"\b(\d{{1,2}})(?:er|st|nd|rd|th|\.)?\s+(?:of\s+|de\s+)?({_MONTH})\b\.?,?(?:\s+(20\d\d))?", re.IGNORECASE
)
_MONTH_DAY = re.compile(rf"\b({_MONTH})\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s+(20\d\d))?", re.IGNORECASE)
_OF_MONTH = re.compile(
    r"\b(?:le|the|am|den|zum|on|by)\s+(\d{1,2})(?:er|st|nd|rd|th|\.)?\s+"
    r"(du mois prochain|of next month|(?:des )?nächsten monats|courant|of this month|dieses monats)",
    re.IGNORECASE,
)
_ON_WEEKDAY = re.compile(
    rf"\b({_NEXT}\s+|this\s+|diesen\s+|ce\s+)?({_WEEKDAY})s?\b(\s+{_NEXT})?", re.IGNORECASE
)
_LATER = re.compile(
    rf"\b(?:dans|sous|d'ici|in|within|innerhalb von|binnen|in den nächsten|in the next|sous les)\s+(?:the next\s+)?"
    rf"(\d{{1,2}}|{_COUNT})\s+(?:working |business |werk)?"
    r"(jours?|days?|tagen?|semaines?|weeks?|wochen?)\b( ouvrés| ouvrables)?",
    re.IGNORECASE,
)
_TOMORROW = re.compile(r"\b(demain|tomorrow|morgen)\b", re.IGNORECASE)
_TODAY = re.compile(r"\b(aujourd'hui|today|heute|ce jour|this afternoon)\b", re.IGNORECASE)
_YESTERDAY = re.compile(r"\b(hier|yesterday|gestern)\b", re.IGNORECASE)
_MONTH_END = re.compile(
    r"\b(fin (?:de ce |du |de )?mois|(?:the )?end of (?:the |this )?month|month[- ]end|ende (?:des|dieses) monats"
    r"|monatsende|ende des monats)\b(\s+(?:prochain|nächsten))?",
    re.IGNORECASE,
)
_WEEK_END = re.compile(
    r"\b(?:(fin (?:de|de la|de cette) semaine|(?:the )?end of (?:the |this )?week|ende (?:der|dieser) woche|wochenende"
    r"|cette semaine|this week|diese woche)|((?:fin de la |à la fin de la )?semaine prochaine|(?:end of )?next week"
    r"|(?:ende )?nächste[rn]? woche))\b",
    re.IGNORECASE,
)
_WEEK_WORDS = re.compile(r"sem|week|woch", re.IGNORECASE)


_OF_DOCUMENT = re.compile(
    r"\b(?:relance|facture|courrier|courriel|e-?mail|mail|lettre|message|commande|rappel|devis|reminder|invoice|letter|order|quote|notice"
    r"|rechnung|mahnung|schreiben|bestellung|angebot|nachricht|zahlungserinnerung)\b[^,;]{0,40}\b(?:du|of|dated|from|vom)\s+(?:the\s+)?$",
    re.IGNORECASE,
)
"""A day that dates a document: "your reminder of 3 March"."""


class NamedDay(NamedTuple):
    """A day that the sentence names, the place of its words, and False if it may be read in another way."""

    on: date
    start: int
    end: int
    clear: bool


def named_days(sentence: str, written_on: date) -> list[NamedDay]:
    """Return the days of a sentence in the order of their words. A year that is not written is the nearest one."""
    found: list[NamedDay] = []
    for each in (
        *_written(sentence, written_on),
        *_of_months(sentence, written_on),
        *_counted(sentence, written_on),
        *_weekdays(sentence, written_on),
        *_ends(sentence, written_on),
    ):
        if not any(each.start < other.end and other.start < each.end for other in found):
            found.append(each)
    found = [each for each in found if not _OF_DOCUMENT.search(sentence, 0, each.start)]
    return sorted(found, key=lambda each: each.start)


def _written(sentence: str, written_on: date) -> Iterator[NamedDay]:
    for m in _ISO.finditer(sentence):
        yield from _day(m, int(m[1]), int(m[2]), int(m[3]), written_on)
    for m in _DAY_MONTH.finditer(sentence):
        yield from _day(m, m[3] and int(m[3]), _MONTH_OF[m[2].lower()], int(m[1]), written_on)
    for m in _MONTH_DAY.finditer(sentence):
        yield from _day(m, m[3] and int(m[3]), _MONTH_OF[m[1].lower()], int(m[2]), written_on)
    for m in _NUMERIC.finditer(sentence):
        first, second = int(m[1]), int(m[3])
        if m[4] is None and m[2] != "/" and not m[0].endswith("."):
            continue
        year = m[4] and (int(m[4]) if len(m[4]) == 4 else 2000 + int(m[4]))
        if second > 12 >= first:
            yield from _day(m, year, first, second, written_on)
        else:
            # In English 3/4 may be the third of April or the fourth of March.
            clear = m[2] != "/" or first > 12 or first == second or not _ENGLISH.search(sentence)
            yield from _day(m, year, second, first, written_on, clear=clear)


_ENGLISH = re.compile(r"\b(the|will|we|by|payment|was|paid|is)\b", re.IGNORECASE)


def _day(
    m: re.Match[str], year: object, month: int, day: int, written_on: date, *, clear: bool = True
) -> Iterator[NamedDay]:
    years = [year] if isinstance(year, int) else [written_on.year + n for n in (-1, 0, 1)]
    days = []
    for each in years:
        if 1 <= month <= 12 and 1 <= day <= monthrange(each, month)[1]:
            days.append(date(each, month, day))
    if days:
        nearest = min(days, key=lambda found: abs((found - written_on).days))
        yield NamedDay(nearest, m.start(), m.end(), clear)


def _of_months(sentence: str, written_on: date) -> Iterator[NamedDay]:
    for m in _OF_MONTH.finditer(sentence):
        later = re.search(r"prochain|next|nächsten", m[2], re.IGNORECASE) is not None
        first = _next_month(written_on) if later else written_on.replace(day=1)
        day = int(m[1])
        if 1 <= day <= monthrange(first.year, first.month)[1]:
            yield NamedDay(first.replace(day=day), m.start(), m.end(), True)


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def _counted(sentence: str, written_on: date) -> Iterator[NamedDay]:
    for m in _LATER.finditer(sentence):
        count = int(m[1]) if m[1].isdigit() else _NUMBERS[m[1].lower()]
        days = count * 7 if _WEEK_WORDS.match(m[2]) else count
        yield NamedDay(written_on + timedelta(days=days), m.start(), m.end(), True)
    for pattern, days in ((_TOMORROW, 1), (_TODAY, 0), (_YESTERDAY, -1)):
        for m in pattern.finditer(sentence):
            yield NamedDay(written_on + timedelta(days=days), m.start(), m.end(), True)


def _weekdays(sentence: str, written_on: date) -> Iterator[NamedDay]:
    for m in _ON_WEEKDAY.finditer(sentence):
        ahead = (_WEEKDAY_OF[m[2].lower()] - written_on.weekday() - 1) % 7 + 1
        on = written_on + timedelta(days=ahead)
        said_next = m[3] is not None or (
            m[1] is not None and re.match(_NEXT, m[1], re.IGNORECASE) is not None
        )
        same_week = on.isocalendar()[:2] == written_on.isocalendar()[:2]
        yield NamedDay(on, m.start(), m.end(), not (said_next and same_week))


def _ends(sentence: str, written_on: date) -> Iterator[NamedDay]:
    for m in _MONTH_END.finditer(sentence):
        month = _next_month(written_on) if m[2] else written_on
        yield NamedDay(month.replace(day=monthrange(month.year, month.month)[1]), m.start(), m.end(), True)
    for m in _WEEK_END.finditer(sentence):
        friday = written_on + timedelta(days=4 - written_on.weekday() + (7 if m[2] else 0))
        if friday >= written_on:
            yield NamedDay(friday, m.start(), m.end(), True)
