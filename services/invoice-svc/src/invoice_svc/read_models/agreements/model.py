"""The part of the lists that keeps the history of terms."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from datetime import date
from typing import cast

import msgspec

from encours.contracts import Recorded
from encours.contracts.events.parties.customer import TermsAgreed
from encours.projection.parts import Part
from encours.projection.row_cache import RowCache
from encours.projection.rows import Key, Row
from invoice_svc.read_models.agreements.rows import STANDING, AgreementRow, StandingAgreements

_encode = msgspec.json.Encoder(order="sorted").encode
_Entry = tuple[str, str, str, str]
"""First day, day of the agreement, terms and position of a standing row."""


class Agreements(Part):
    """Terms by customer and day; on each day of issue one agreement is in force."""

    rows = (AgreementRow, StandingAgreements)
    applies = frozenset((TermsAgreed.TYPE,))

    def keys(self, e: Recorded) -> Iterable[tuple[type[Row], Key]]:
        """Rows that :meth:`project` reads."""
        yield StandingAgreements, (e.stream,)

    def project(self, e: Recorded, rows: RowCache) -> None:
        """Open the new agreement; end the one before it, and close the one that begins on the same day."""
        event = cast(TermsAgreed, e.data)
        first_day = event.valid_from.isoformat()
        entries = _entries(rows.get(StandingAgreements, e.stream))
        at = bisect_left(entries, (first_day,))
        entry = (first_day, e.effective_on.isoformat(), _encode(event.terms).decode(), str(e.position))
        if at < len(entries) and entries[at][0] == first_day:
            rows.put(_row(e, entries, at, to_position=e.position))
            entries[at] = entry
        else:
            if at > 0:
                rows.put(_row(e, entries, at - 1, to_position=e.position))
                entries[at - 1] = (*entries[at - 1][:3], str(e.position))
            entries.insert(at, entry)
            if at > 0:
                rows.put(_row(e, entries, at - 1, to_position=STANDING))
        rows.put(_row(e, entries, at, to_position=STANDING))
        first_days, agreed_on, terms, positions = (list(column) for column in zip(*entries, strict=True))
        rows.put(
            StandingAgreements(
                customer_id=e.stream,
                first_days=first_days,
                agreed_on=agreed_on,
                terms=terms,
                positions=positions,
            )
        )


def _entries(known: StandingAgreements | None) -> list[_Entry]:
    if known is None:
        return []
    return list(zip(known.first_days, known.agreed_on, known.terms, known.positions, strict=True))


def _until(entries: list[_Entry], at: int) -> date | None:
    return date.fromisoformat(entries[at + 1][0]) if at + 1 < len(entries) else None


def _row(e: Recorded, entries: list[_Entry], at: int, *, to_position: int) -> AgreementRow:
    first_day, agreed_on, terms, position = entries[at]
    return AgreementRow(
        customer_id=e.stream,
        entity_id=e.entity,
        valid_from=date.fromisoformat(first_day),
        valid_until=_until(entries, at),
        agreed_on=date.fromisoformat(agreed_on),
        terms=terms,
        from_position=int(position),
        to_position=to_position,
    )
