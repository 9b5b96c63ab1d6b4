"""Replay of decisions from the ledger, to prove that they follow from it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import msgspec

from dunning_svc.domain.ladder.decide import decide_case, decide_customer
from dunning_svc.domain.ladder.events import DecisionEvent, as_event
from dunning_svc.domain.policy.shipped import EARLIER
from dunning_svc.read_models.cases.decisions import document_of
from dunning_svc.read_models.cases.past import cases_at
from dunning_svc.read_models.cases.rows import DecisionRow
from encours.contracts import encode
from encours.ledger import Ledger
from encours.projection.read_model import Conn


@dataclass(frozen=True, slots=True)
class Reperformed:
    """A stored decision, and the one that its input in the ledger yields now."""

    stored: DecisionEvent
    recomputed: DecisionEvent | None

    @property
    def equal(self) -> bool:
        """True if both are equal byte by byte."""
        return self.recomputed is not None and encode(self.stored) == encode(self.recomputed)

    def differences(self) -> list[str]:
        """Return the names of the fields in which the two differ."""
        if self.recomputed is None:
            return ["the ledger yields no decision"]
        old, new = (msgspec.to_builtins(event) for event in (self.stored, self.recomputed))
        return sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))


async def reperform(ledger: Ledger, conn: Conn, schema: str, name: str, row: DecisionRow) -> Reperformed:
    """Fold the customer's streams and the policies up to the position that the decision saw, and decide again.

    Its policy is chosen again too. Decisions under an earlier version of the default policy are taken under that one.
    """
    stored = document_of(row)
    basis = stored.basis
    rows = await cases_at(ledger, conn, schema, name, [row.customer_id], basis.position)
    earlier = EARLIER.get((basis.policy_id, basis.policy_version))
    group = (row.customer_id, row.entity_id, row.currency)
    case = rows.case(group, stored.day, by_role=earlier is None or earlier.addresses_by_role)
    decision = None
    if case is not None and earlier is not None:
        decision = decide_customer(case, stored.day, earlier, basis.position)
    elif case is not None:
        decision = decide_case(case, stored.day, rows.policies(), basis.position)
    key = UUID(hex=row.decision_id.partition("_")[2])
    return Reperformed(stored, None if decision is None else as_event(decision, key))
