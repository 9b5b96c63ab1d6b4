"""The table of replies in the read model `cases`."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from msgspec import field

from encours.projection.rows import Row


class ReplyRow(Row, kw_only=True):
    """An incoming message; ``document`` is the payload of its event.

    ``judged``: decisions of persons, as ``<finding> <decision> <position> <day>``. ``closed_position`` and
    ``closed_on``: the event since which no person is needed; None while one is.
    """

    TABLE: ClassVar[str] = "reply"
    KEY: ClassVar[tuple[str, ...]] = ("reply_id",)
    INDEXES: ClassVar[tuple[str, ...]] = (
        "(position)",
        "(customer_id, position)",
        "(position) where closed_position is null",
    )

    reply_id: str
    position: int
    received_on: date
    customer_id: str | None
    entity_id: str
    kind: str
    document: str
    judged: list[str] = field(default_factory=list)
    closed_position: int | None = None
    closed_on: date | None = None
