"""Reading shared headers and query parameters by hand, with refusals that name them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

from starlette.requests import Request

from encours.http.catalogue import MalformedParameter
from encours.kernel.errors import FieldError

FIRST_DAY = date(1900, 1, 1)
LAST_DAY = date(2199, 12, 31)
"""Business dates lie between these, so that terms and windows counted from them never leave the calendar."""

MAX_POSITION = 2**53
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_INSTANT = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(?:[Zz]|([+ -])(\d{2}):?(\d{2}))"
)


def malformed(name: str, detail: str) -> MalformedParameter:
    """A header or query parameter that cannot be read (400)."""
    return MalformedParameter(f"{name}: {detail}", errors=(FieldError(f"/{name}", detail),))


def parse_date(text: str) -> date | None:
    """``2026-03-31`` within the calendar's bounds, or nothing."""
    if _DATE.fullmatch(text) is None:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if FIRST_DAY <= day <= LAST_DAY else None


def parse_instant(text: str) -> datetime | None:
    """An RFC 3339 instant as UTC, or nothing. A blank for the ``+`` that a URL swallowed is understood."""
    match = _INSTANT.fullmatch(text)
    if match is None:
        return None
    day, clock, fraction, sign, hours, minutes = match.groups()
    offset = "+00:00" if sign is None else f"{'-' if sign == '-' else '+'}{hours}:{minutes}"
    try:
        instant = datetime.fromisoformat(f"{day}T{clock}.{(fraction or '0')[:6].ljust(6, '0')}{offset}")
        return instant.astimezone(UTC) if FIRST_DAY <= instant.date() <= LAST_DAY else None
    except (ValueError, OverflowError):
        return None


def date_parameter(request: Request, name: str) -> date | None:
    """A date in the query. Raises a 400 problem if it is not one."""
    text = request.query_params.get(name)
    if text is None:
        return None
    day = parse_date(text)
    if day is None:
        raise malformed(name, f"Write a date from {FIRST_DAY} to {LAST_DAY} such as 2026-03-31.")
    return day


def position_parameter(request: Request, name: str) -> int | None:
    """A position of the ledger in the query. Raises a 400 problem if it is not one."""
    text = request.query_params.get(name)
    if text is None:
        return None
    position = parse_position(text)
    if position is None:
        raise malformed(name, "Write a position of the ledger: a whole number from 0.")
    return position


def parse_position(text: str) -> int | None:
    """ASCII digits up to 2**53, or nothing."""
    if not (text.isascii() and text.isdigit() and len(text) <= 16):
        return None
    position = int(text)
    return position if position <= MAX_POSITION else None


def flag_parameter(request: Request, name: str, *, default: bool = False) -> bool:
    """``true`` or ``false`` in the query. Raises a 400 problem for anything else."""
    if not request.scope["query_string"]:
        return default
    match request.query_params.get(name):
        case None:
            return default
        case "false":
            return False
        case "true":
            return True
        case _:
            raise malformed(name, "Write true or false.")


def whole_parameter(request: Request, name: str, *, default: int, low: int, high: int) -> int:
    """A bounded whole number in the query. Raises a 400 problem if it is not one."""
    text = request.query_params.get(name)
    if text is None:
        return default
    if text.isascii() and text.isdigit() and len(text) <= 18 and low <= int(text) <= high:
        return int(text)
    raise malformed(name, f"Write a whole number from {low} to {high}.")
