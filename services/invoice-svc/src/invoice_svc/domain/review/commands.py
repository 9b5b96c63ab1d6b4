"""Commands on a finding of the review."""

from __future__ import annotations

from msgspec import Struct


class DismissFinding(Struct, frozen=True):
    """Accept a finding as it is. ``facts`` are those that the caller saw; without them those of now count."""

    finding_id: str
    cause: str
    facts: str | None
