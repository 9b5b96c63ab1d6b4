"""Time zone of a country; of one with several zones, that of its capital or of most of its people.

``time_zones.csv`` was made from the table ``zone.tab`` of the time zone database 2025 (IANA, public domain). It is kept
here so that an update of the database changes no decision that is made again.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files

_FILE = files("encours.kernel") / "time_zones.csv"


def time_zone_of(country: str) -> str:
    """Return the IANA name of a country's zone by ISO 3166-1 code; UTC for a code that is not on file."""
    return _zones().get(country, "UTC")


@cache
def _zones() -> dict[str, str]:
    rows = csv.DictReader(_FILE.read_text(encoding="utf-8").splitlines())
    return {row["country"]: row["time_zone"] for row in rows}
