"""Decisions on credit taken again from the ledger: the same figures by position give the same outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from encours.contracts import Recorded
from encours.contracts.events.reservation import CreditLineDrawn, ReservationDecided, ReservationOverridden
from encours.contracts.events.risk import CreditChecked
from encours.ledger import Ledger
from encours.projection.read_model import Conn
from risk_svc.domain import policy
from risk_svc.domain.picture import Picture, SeenPicture
from risk_svc.domain.reperform import (
    CreditDecisionEvent,
    CreditDecisionNotFound,
    DecisionAgain,
    check_again,
    decide_again,
    override_again,
)
from risk_svc.domain.reservation.state import Reservation
from risk_svc.read_models.credit.query import pictures
from risk_svc.use_cases.grading import models_of
from risk_svc.use_cases.reservations import RESERVATION, line_of
from risk_svc.use_cases.standing import CREDIT_POLICY


@dataclass(frozen=True, slots=True)
class CreditReperformed:
    """A decision that was taken again, with its event in the ledger."""

    event: Recorded
    again: DecisionAgain


@dataclass(frozen=True, slots=True)
class CreditArchive:
    """Ledger and read model of the figures: rows of all positions, so that those of any decision can be asked for."""

    ledger: Ledger
    name: str
    conn: Conn
    schema: str

    async def reperform(self, events: Sequence[Recorded]) -> list[CreditReperformed]:
        """Take the decisions of a stream again, in order. Raises :class:`CreditDecisionNotFound` without any."""
        found, before = [], RESERVATION.initial()
        for e in events:
            match e.data:
                case CreditChecked() as stored:
                    seen = await self._seen(e, stored, stored.seen_position, stored.lag, stored.score_model)
                    found.append(CreditReperformed(e, check_again(stored, seen, e.effective_on)))
                    continue
                case ReservationDecided() as decided:
                    seen = await self._figures(e, decided)
                    found.append(CreditReperformed(e, decide_again(decided, before, seen, e.effective_on)))
                case ReservationOverridden() as overridden:
                    found.append(CreditReperformed(e, await self._override(e, overridden, before)))
            before = RESERVATION.evolve(before, e)
        if not found:
            raise CreditDecisionNotFound(events[0].stream)
        return found

    async def _override(
        self, e: Recorded, stored: ReservationOverridden, before: Reservation
    ) -> DecisionAgain:
        seen = await self._figures(e, stored)
        events = await self.ledger.read_stream(
            self.name, policy.policy_of(before.entity_id), upto=e.position - 1
        )
        rules = CREDIT_POLICY.fold(events)

        def by() -> policy.Authority:
            return policy.authority(
                rules,
                before.amount_minor,
                before.currency,
                actor=e.actor,
                asked_by=before.requested_by,
                day=e.effective_on,
            )

        return override_again(stored, before, by, seen, e.effective_on)

    async def _figures(self, e: Recorded, stored: ReservationDecided | ReservationOverridden) -> SeenPicture:
        basis = stored.basis
        seen = await self._seen(e, stored, basis.seen_position, basis.lag, basis.score_model)
        holder = seen.picture.limit_holder_id or stored.customer_id
        line = await self.ledger.read_stream(self.name, line_of(holder), upto=e.position - 1)
        drawn = any(each.position > seen.position for each in line if isinstance(each.data, CreditLineDrawn))
        return SeenPicture(
            seen.picture, seen.position, seen.lag, behind=seen.lag > 0 or drawn, model=seen.model
        )

    async def _seen(
        self, e: Recorded, stored: CreditDecisionEvent, position: int, lag: int, model: str | None
    ) -> SeenPicture:
        """Return the figures at the position that a decision saw; its lag cannot reach beyond the decision."""
        found = await pictures(
            self.conn, self.schema, [stored.customer_id], as_of=e.effective_on, position=position
        )
        picture = found.get(stored.customer_id, Picture(stored.customer_id, "", ""))
        used = None
        if model is not None:
            used = (await models_of(self.ledger, self.name, e.position - 1)).model
        return SeenPicture(picture, position, min(lag, e.position - 1 - position), False, used)
