"""Commands on findings of the review."""

from __future__ import annotations

from datetime import date
from typing import Protocol

from encours.ledger.command import Result
from encours.ledger.session import Session
from invoice_svc.domain.review import decide
from invoice_svc.domain.review.commands import DismissFinding
from invoice_svc.domain.review.decide import FoundNow
from invoice_svc.domain.review.state import FindingNotFound
from invoice_svc.use_cases.folds import FINDING


class FindingOfNow(Protocol):
    """Query for a finding in the books of now; ``None`` if there is none."""

    async def __call__(self, ledger: str, finding_id: str, today: date, /) -> FoundNow | None: ...


async def dismiss(session: Session, command: DismissFinding, finding_of_now: FindingOfNow) -> Result:
    """Accept a finding as it is, with a reason."""
    found = await session.ask(finding_of_now, session.meta.ledger, command.finding_id, session.today)
    if found is None:
        raise FindingNotFound(command.finding_id)
    session.require_entity(found.entity_id)
    state = await session.load(FINDING, command.finding_id)
    for event in decide.dismiss(state, found, command):
        session.emit(command.finding_id, event, entity=found.entity_id)
    return session.result(command.finding_id)
