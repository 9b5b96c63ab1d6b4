"""Parsers of values in files. Each raises :class:`Fault` with the column; none guesses a value."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from encours.kernel import texts
from encours.kernel.email import ascii_address
from encours.kernel.errors import DomainError
from encours.kernel.money import MAX_MINOR, exponent, format_amount
from invoice_svc.domain.identifiers import InvalidIdentifier
from invoice_svc.imports.formats.amounts import SIGNS, NumberStyle
from invoice_svc.imports.formats.verdict import Fault

FLOAT_NOISE = Decimal("1e-9")
POINT = NumberStyle()
_AMOUNT = re.compile(r"[+-]?0*([0-9]{0,40})(?:\.([0-9]{1,40}))?", re.ASCII)
_PERCENT = re.compile(r"([0-9]{1,3})(?:\.([0-9]{1,2})0*)?", re.ASCII)
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_FIRST_YEAR, _LAST_YEAR = 1950, 2150
_TRUE = frozenset({"yes", "true", "1", "y", "oui", "o"})
_FALSE = frozenset({"no", "false", "0", "n", "non", ""})


def text(value: str, column: str, *, limit: int = 200) -> str:
    """Return a required text of one line, at most ``limit`` characters."""
    value = _bounded(value, column, limit)
    if not re.fullmatch(texts.ONE_LINE, value):
        raise Fault(
            "invalid-value",
            "The value contains a line break, a control character or an encoded word (=?…?=); remove it.",
            column,
        )
    return value


def long_text(value: str, column: str, *, limit: int) -> str:
    """Return a required text of one or several lines, at most ``limit`` characters."""
    value = _bounded(value, column, limit)
    if not re.fullmatch(texts.SEVERAL_LINES, value):
        raise Fault("invalid-value", "The value contains a control character; remove it.", column)
    return value


def code(value: str, pattern: str, example: str, column: str) -> str:
    """Return a text that matches the pattern."""
    value = value.strip()
    if not re.fullmatch(pattern, value):
        raise Fault("invalid-value", f"Write it like {example}, not {value[:40]!r}.", column)
    return value


def _bounded(value: str, column: str, limit: int) -> str:
    value = value.strip()
    if not value:
        raise Fault("missing-value", "A value is required.", column)
    if len(value) > limit:
        raise Fault(
            "value-too-long", f"At most {limit} characters are allowed; the value has {len(value)}.", column
        )
    return value


def currency(value: str, column: str) -> str:
    """Return an ISO 4217 code that has a minor unit."""
    try:
        exponent(value)
    except DomainError as error:
        raise Fault("unknown-currency", error.detail, column) from None
    return value


def amount(
    value: str, code: str, column: str, style: NumberStyle = POINT, *, signed: bool = False
) -> tuple[int, str | None]:
    """Return the minor units of a positive decimal text, and a note if floating-point error was rounded off.

    ``signed`` takes amounts of 0 and less too. Exact, and never a guess: three digits behind the only sign are
    thousands to some writers, and are refused unless the style was given or the currency has three decimals. Only what
    a binary float leaves behind (more than six decimals, within 1e-9 of the currency's own decimals, as in
    22.200000000000003) is rounded, half up, with a note.
    """
    value = value.strip()
    if not value:
        raise Fault("missing-value", "An amount is required.", column)
    if style.is_ambiguous(value, code):
        raise Fault(
            "ambiguous-amount",
            f"{value[:40]!r} may be thousands or decimals: write the decimals of {code}, or name the decimal sign.",
            column,
        )
    plain = style.plain(value, code)
    match = None if plain is None else _AMOUNT.fullmatch(plain)
    if plain is None or match is None or plain in {"", "+", "-"}:
        raise Fault(
            "invalid-amount", f"Write the amount as 240{SIGNS[style.decimal]}00, not {value[:40]!r}.", column
        )
    if len(match.group(1)) > 16:
        raise Fault("amount-too-large", f"An amount may be at most {format_amount(MAX_MINOR, code)}.", column)
    digits = exponent(code)
    exact = Decimal(plain)
    rounded = exact.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    note = None
    if rounded != exact:
        if len(match.group(2) or "") <= 6 or abs(rounded - exact) > FLOAT_NOISE:
            raise Fault(
                "too-many-decimals",
                f"{code} has {digits} decimals; {value[:40]} has more.",
                column,
            )
        note = (
            f"{value} was read as {rounded}: a floating-point error of the exporting system was rounded off."
        )
    minor = int(rounded.scaleb(digits))
    if minor <= 0 and not signed:
        raise Fault(
            "amount-not-positive",
            f"The amount must be above 0; {value[:40]} must be imported as a credit note.",
            column,
        )
    if abs(minor) > MAX_MINOR:
        raise Fault("amount-too-large", f"An amount may be at most {format_amount(MAX_MINOR, code)}.", column)
    return minor, note


def percent_bps(value: str, column: str, style: NumberStyle = POINT) -> int:
    """Return the hundredths of a percent of a percentage from 0 to 100 with at most two decimals."""
    plain = style.plain(value.strip().removesuffix("%").strip(), "")
    match = None if plain is None else _PERCENT.fullmatch(plain)
    if (
        match is None
        or (bps := int(match.group(1)) * 100 + int((match.group(2) or "").ljust(2, "0"))) > 10_000
    ):
        raise Fault(
            "invalid-value",
            f"Write a percentage from 0 to 100 such as 12{SIGNS[style.decimal]}5, not {value[:40]!r}.",
            column,
        )
    return bps


def day(value: str, date_format: str | None, column: str) -> date:
    """Return a date in ISO 8601 or in the strptime format."""
    value = value.strip()
    if not value:
        raise Fault("missing-value", "A date is required.", column)
    try:
        if date_format is None:
            if not _ISO_DATE.fullmatch(value):
                raise ValueError
            found = date.fromisoformat(value)
        else:
            found = datetime.strptime(value, date_format).date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        wanted = "2026-03-31" if date_format is None else date(2026, 3, 31).strftime(date_format)
        raise Fault("invalid-date", f"{value[:40]!r} is not a date like {wanted}.", column) from None
    if not _FIRST_YEAR <= found.year <= _LAST_YEAR:
        raise Fault("date-out-of-range", f"{found} is not between {_FIRST_YEAR} and {_LAST_YEAR}.", column)
    return found


def not_before_issue(due_on: date | None, issued_on: date, column: str) -> date | None:
    """Return the due date unless it is before the issue date."""
    if due_on is not None and due_on < issued_on:
        raise Fault(
            "due-before-issue", f"The due date {due_on} is before the issue date {issued_on}.", column
        )
    return due_on


def yes_or_no(value: str, column: str) -> bool:
    """Return a flag in English or French."""
    word = value.strip().lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise Fault("invalid-value", f"Write yes or no, not {value[:40]!r}.", column)


def one_of(value: str, allowed: Iterable[str], column: str) -> str:
    """Return a value of a closed list."""
    options = sorted(allowed)
    if value not in options:
        raise Fault("invalid-value", f"{value[:40]!r} is not one of {', '.join(options)}.", column)
    return value


def country(value: str, column: str) -> str:
    """Return an ISO 3166-1 alpha-2 code; only its form is checked."""
    if not re.fullmatch(r"[A-Z]{2}", value):
        raise Fault(
            "invalid-value",
            f"Write the country as two capital letters such as FR, not {value[:40]!r}.",
            column,
        )
    return value


def language_of(country: str) -> str:
    """Return the default language of customers in the country."""
    return "fr" if country == "FR" else "en"


def language(value: str, column: str) -> str:
    """Return an ISO 639-1 code; only its form is checked."""
    if not re.fullmatch(r"[a-z]{2}", value):
        raise Fault(
            "invalid-value", f"Write the language as two letters such as fr, not {value[:40]!r}.", column
        )
    return value


def email(value: str, column: str) -> str | None:
    """Return an address that mail can be sent to; ``None`` if empty."""
    value = value.strip()
    if not value:
        return None
    address = ascii_address(value)
    if address is None:
        raise Fault("invalid-value", f"{value[:60]!r} is not an e-mail address.", column)
    return address


def identifier(value: str, check: Callable[[str], str], column: str) -> str:
    """Return an identifier of a company or an account in its compact form."""
    try:
        return check(value)
    except InvalidIdentifier as error:
        raise Fault("invalid-value", str(error), column) from None


def time_zone(value: str, column: str) -> str:
    """Return the name of a time zone of the IANA database."""
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise Fault(
            "invalid-value", f"{value[:40]!r} is not a time zone such as Europe/Paris.", column
        ) from None
    return value
