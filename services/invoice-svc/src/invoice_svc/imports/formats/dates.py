"""Notations of dates, in the language of strptime."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from encours.kernel.errors import Invalid


def checked_date_format(text: str, pointer: str) -> str:
    """Return a format that gives day, month and year. Raises :class:`Invalid`."""
    day = datetime(2026, 3, 31, tzinfo=UTC)
    try:
        kept = datetime.strptime(day.strftime(text), text).date() == day.date()  # noqa: DTZ007 - a day has no zone
    except (ValueError, re.error):  # strptime makes a pattern of it, in which a directive may stand once
        kept = False
    if not kept:
        raise Invalid(f"{text!r} does not give day, month and year; use a format such as %d/%m/%Y.", pointer)
    return text
