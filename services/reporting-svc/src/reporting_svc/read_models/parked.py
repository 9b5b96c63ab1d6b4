"""Parked streams of a model: figures that lack their events are marked as incomplete."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from encours.projection.read_model import Conn


async def parked_streams(conn: Conn, model: str, ledger: str) -> list[str]:
    """Return the streams that are parked at the moment of the snapshot, at most 101."""
    rows = await conn.fetch(
        "select stream from encours.parked where ledger = $1 and model = $2 order by stream limit 101",
        ledger,
        model,
    )
    return [row[0] for row in rows]
