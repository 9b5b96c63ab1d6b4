"""Queries of the terms agreed with customers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import msgspec

from encours.contracts.common import Terms

if TYPE_CHECKING:
    from encours.reading.moment import View

_decode = msgspec.json.Decoder(Terms).decode


@dataclass(frozen=True, slots=True)
class AgreedTerms:
    """Terms for invoices issued on ``valid_from`` and later, before ``valid_until``; ``None`` is without end."""

    valid_from: date
    valid_until: date | None
    agreed_on: date
    terms: Terms


async def agreements(view: View, customer_id: str) -> list[AgreedTerms]:
    """Return the terms agreed with a customer, by all that was known at the position, earliest first."""
    rows = await view.conn.fetch(
        f"""select valid_from, valid_until, agreed_on, terms from {view.schema}.agreement
            where customer_id = $1 and from_position <= $2 and to_position > $2 order by valid_from""",
        customer_id,
        view.time.position,
    )
    return [
        AgreedTerms(row["valid_from"], row["valid_until"], row["agreed_on"], _decode(row["terms"]))
        for row in rows
    ]
