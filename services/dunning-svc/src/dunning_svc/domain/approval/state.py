"""Approvers of a creditor, as its approval circuit [circuit de validation] in invoice-svc names them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from encours.contracts import Recorded
from encours.contracts.events.sales.approval import ApprovalSet, Approver
from encours.ledger.states import Folder


@dataclass(frozen=True, slots=True)
class Approvers:
    """Actors that approve for a role; none before the circuit is set."""

    named: tuple[Approver, ...] = ()

    def of(self, role: str, actor: str, day: date) -> Approver | None:
        """Return the entry by which an actor approves for a role on a day, if there is one."""
        for each in self.named:
            begun = each.from_on is None or each.from_on <= day
            ended = each.until_on is not None and each.until_on < day
            if (each.role, each.actor) == (role, actor) and begun and not ended:
                return each
        return None


def _evolve(state: Approvers, e: Recorded) -> Approvers:
    return Approvers(e.data.approvers) if isinstance(e.data, ApprovalSet) else state


APPROVERS = Folder(Approvers, _evolve)
"""Read from the stream of the creditor."""
