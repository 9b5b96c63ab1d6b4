"""State of a customer's hold, and the customer's creditor, folded from events."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from encours.contracts import Recorded
from encours.contracts.events.customer import CustomerRegistered
from encours.contracts.events.dunning import HoldPlaced
from encours.kernel.errors import NotFound
from encours.kernel.ids import with_prefix
from encours.ledger.states import Folder


class DebtorNotFound(NotFound):
    """The ledger has no customer of this id."""

    code = "customer-not-found"
    title = "Customer not found"
    remedy = "Use an id from GET /v1/customers of invoice-svc."


@dataclass(frozen=True, slots=True)
class Hold:
    """The hold that was placed last on a customer."""

    customer_id: str = ""
    until: date | None = None
    cause: str = ""
    placed_on: date | None = None


@dataclass(frozen=True, slots=True)
class Debtor:
    """The creditor of a customer; empty before the customer is registered."""

    entity_id: str = ""


def _hold(state: Hold, e: Recorded) -> Hold:
    if isinstance(e.data, HoldPlaced):
        return Hold(e.data.customer_id, e.data.until, e.data.cause, e.effective_on)
    return state


def _debtor(state: Debtor, e: Recorded) -> Debtor:
    return replace(state, entity_id=e.data.entity_id) if isinstance(e.data, CustomerRegistered) else state


HOLD = Folder(Hold, _hold)
DEBTOR = Folder(Debtor, _debtor, DebtorNotFound)


def hold_stream(customer_id: str) -> str:
    """Return the stream of a customer's holds. The customer's own stream belongs to invoice-svc."""
    return with_prefix(customer_id, "hld")
