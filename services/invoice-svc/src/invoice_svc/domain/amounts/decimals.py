"""Decimal strings and percentages of requests, as exact integers."""

from __future__ import annotations

import re
from functools import lru_cache

from encours.kernel.errors import Invalid

_DECIMAL = re.compile(r"(-?)0*([0-9]{1,15})(?:\.([0-9]{1,8}?)0*)?")


def decimal_parts(text: str, pointer: str) -> tuple[int, int, str]:
    """Return a decimal string as (integer, digits after the point, canonical text): ``-1.50`` → (-15, 1, "-1.5")."""
    parts = _parts(text)
    if parts is None:
        raise Invalid(f"Write a decimal number such as 12.5, not {text[:40]!r}.", pointer)
    return parts


@lru_cache(maxsize=8_192)
def _parts(text: str) -> tuple[int, int, str] | None:
    match = _DECIMAL.fullmatch(text)
    if match is None:
        return None
    sign, whole, fraction = match.group(1), match.group(2), match.group(3) or ""
    if fraction.strip("0") == "":
        fraction = ""
    value = int(whole + fraction)
    sign = sign if value else ""
    canonical = f"{sign}{whole}.{fraction}" if fraction else f"{sign}{whole}"
    return (-value if sign else value), len(fraction), canonical


def rate_bps(percent: str, pointer: str = "/vat_rate", what: str = "A VAT rate") -> int:
    """Return a rate in percent (``5.5``) as hundredths of a percent (550); at most 100 %, two decimals."""
    value, scale, _ = decimal_parts(percent, pointer)
    if scale > 2 or value < 0 or value > 100 * 10**scale:
        raise Invalid(
            f"{what} is a percentage from 0 to 100 with at most two decimals, such as 20 or 5.5.", pointer
        )
    return int(value * 10 ** (2 - scale))


def percent(bps: int) -> str:
    """Return hundredths of a percent as a percentage: 550 → ``5.50``."""
    return f"{bps // 100}.{bps % 100:02d}"
