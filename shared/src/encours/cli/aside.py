"""An operator's way past an event that cannot be read: recorded as an event, so that everyone leaves out the same."""

from __future__ import annotations

from typing import Any

from encours.contracts.actors import OPERATOR
from encours.contracts.events.aside import STREAM, EventSetAside
from encours.kernel.errors import Invalid
from encours.kernel.ids import derived_uuid, uuid7
from encours.ledger.client import Ledger
from encours.ledger.model import Append, Appended, NewEvent
from encours.ledger.reader import UNREADABLE, recorded


async def set_aside(ledger: Ledger, name: str, position: int, reason: str) -> Appended:
    """Leave out the event at a position wherever its stream is folded. Doing it again changes nothing.

    Raises Invalid when there is no event, or one that can be read: what is wrong in that is corrected by another event.
    """
    rows = await ledger.read_raw(name, position - 1, 1, upto=position)
    if not rows:
        raise Invalid(f"The ledger {name} has no event at position {position}.", "/position")
    version = (await ledger.versions(name, [STREAM]))[STREAM]
    event = EventSetAside(position=position, stream=rows[0]["stream"], fault=_fault(name, rows[0]))
    return await ledger.append(
        Append(
            ledger=name,
            command_id=derived_uuid("set aside", name, position),
            fingerprint=b"%d" % position,
            events=(
                NewEvent(STREAM, version + 1, event, rows[0]["entity"], await ledger.today(name), uuid7()),
            ),
            actor=OPERATOR,
            reason=reason,
        )
    )


def _fault(name: str, row: Any) -> str:
    try:
        recorded(name, row)
    except UNREADABLE as error:
        return str(error)[:500]
    raise Invalid(
        f"The event at position {row['position']} can be read. Correct what is wrong in it by another event.",
        "/position",
    )
