"""Commands on messages that a gateway carries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from encours.contracts.events.dunning.replies import CarriedState, ReturnReason


@dataclass(frozen=True, slots=True)
class TrackMessage:
    """A state that the gateway tells, in a signed event. ``on``: day at the carrier, ``None`` for today."""

    reminder_id: str
    state: CarriedState
    on: date | None
    returned_for: ReturnReason | None
    carrier_reference: str | None
    detail: str | None
    gateway_event_id: str
    content_sha256: str
