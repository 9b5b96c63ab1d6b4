"""Commands that a day's opening causes: their metadata, and the refusals after which they are repeated."""

from __future__ import annotations

from datetime import date

from encours.contracts import Recorded
from encours.contracts.actors import INVOICING
from encours.kernel.ids import derived_uuid
from encours.ledger.command import CommandMeta, derived
from encours.ledger.errors import LedgerUnavailable, VersionConflict

TRANSIENT = (LedgerUnavailable, VersionConflict)
"""Refusals that a repetition of the reaction may not meet again."""


def meta_of_day(e: Recorded, today: date, *key: object) -> CommandMeta:
    """Return the metadata of a command that the opening of a day causes; a repetition changes nothing."""
    command_id = derived_uuid(e.ledger, e.event_id, *key)
    return derived(e.ledger, command_id, actor=INVOICING, today=today, because_of=e)
