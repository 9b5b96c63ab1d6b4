"""Rules of the dismissal of a finding."""

from __future__ import annotations

from msgspec import Struct

from encours.contracts.events.sales.review import FindingDismissed, FindingKind
from encours.kernel.errors import Refusal
from invoice_svc.domain.review.commands import DismissFinding
from invoice_svc.domain.review.state import DismissedFinding


class FindingChanged(Refusal):
    """The finding rests on other facts than those that the caller saw (409)."""

    code = "finding-changed"
    title = "Finding has changed"
    remedy = "GET it again, look at what is new, and dismiss it with its facts of now."


class FoundNow(Struct, frozen=True):
    """A finding as it is in the books now."""

    finding_id: str
    kind: FindingKind
    entity_id: str
    customer_id: str | None
    currency: str | None
    amount_minor: int | None
    facts: str
    documents: tuple[str, ...]
    positions: tuple[int, ...]


def dismiss(state: DismissedFinding, found: FoundNow, command: DismissFinding) -> list[FindingDismissed]:
    """Dismiss the finding with its facts of now; no event if they are dismissed already.

    Raises ``finding-changed`` if the caller saw others.
    """
    if command.facts is not None and command.facts != found.facts:
        raise FindingChanged(f"{found.finding_id} rests on other facts than {command.facts}.")
    if state.facts == found.facts:
        return []
    return [
        FindingDismissed(
            finding_id=found.finding_id,
            kind=found.kind,
            customer_id=found.customer_id,
            currency=found.currency,
            amount_minor=found.amount_minor,
            facts=found.facts,
            documents=found.documents,
            positions=found.positions,
            cause=command.cause,
        )
    ]
