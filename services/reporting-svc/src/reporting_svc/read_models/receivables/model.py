"""From events to rows. Pure but for the daily roll over the band edges, which is one set-based statement."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, Literal, assert_never, cast, get_args

from msgspec.structs import replace

from encours import contracts
from encours.contracts import Recorded
from encours.contracts.customer import CustomerAmended, CustomerRegistered
from encours.contracts.entity import EntityAmended, EntityRegistered
from encours.contracts.invoice import (
    InvoiceCredited,
    InvoiceIssued,
    PaymentApplied,
    PaymentUnapplied,
    ShareDisputed,
    ShareUndisputed,
)
from encours.contracts.payment import PaymentIdentified, PaymentReceived, PaymentReversed
from encours.projection.read_model import ReadModel
from encours.projection.rows import Row
from encours.projection.rowset import RowSet
from reporting_svc.measures.bands import STANDARD, days_past_due
from reporting_svc.read_models.receivables.rows import (
    BEFORE_TIME,
    CLOCK_ID,
    AccountMovement,
    Balance,
    Clock,
    Customer,
    Entity,
    Item,
    ItemMovement,
    UnappliedMovement,
)
from reporting_svc.read_models.receivables.settle import roll

if TYPE_CHECKING:
    from encours.projection.read_model import Conn
    from encours.projection.rows import Key

OnItem = InvoiceCredited | PaymentApplied | PaymentUnapplied | ShareDisputed | ShareUndisputed
Fact = (
    EntityRegistered
    | EntityAmended
    | CustomerRegistered
    | CustomerAmended
    | InvoiceIssued
    | OnItem
    | PaymentReceived
    | PaymentIdentified
    | PaymentReversed
)
Posting = Literal["issued", "credited", "received", "reversed", "identified"]
PAYER_UNKNOWN = ""


class Receivables(ReadModel):
    """Items, unapplied cash and the customers' account.

    A payment is recorded in its own stream and mirrored in those of its invoices. Cash leaves and returns by the
    mirrors, in the event that moves the item: so the books balance at every position of the ledger, also between
    the events of one command, wherever a batch or a ``known_at`` happens to cut.
    """

    name = "receivables"
    version = 1
    rows = (Entity, Customer, Item, ItemMovement, UnappliedMovement, AccountMovement, Balance, Clock)
    applies = frozenset(fact.TYPE for fact in get_args(Fact))
    ignores = contracts.names_of(
        contracts.calendar.DayOpened,
        contracts.risk.CreditChecked,
        contracts.risk.LimitApproved,
        contracts.risk.LimitRefused,
        contracts.risk.LimitRequested,
        contracts.customer.CustomerContactAdded,
        contracts.customer.CustomerNoted,
        contracts.customer.TermsAgreed,
        contracts.customer.TermsBeyondCeiling,
        contracts.dispute.DisputeOpened,
        contracts.dispute.DisputeResolved,
        contracts.entity.SeriesDefined,
        contracts.dunning.HoldPlaced,
        contracts.dunning.ReminderFailed,
        contracts.dunning.ReminderRequested,
        contracts.dunning.RunCompleted,
        contracts.dunning.ReminderSent,
        contracts.dunning.ReminderSuppressed,
        contracts.dunning.ReminderUnconfirmed,
        contracts.dunning.TaskCompleted,
        contracts.dunning.TaskOpened,
        contracts.imports.ImportCompleted,
        contracts.imports.ImportReceived,
        contracts.invoice.InvoiceAmended,
        contracts.invoice.InvoiceCancelled,
        contracts.invoice.InvoiceDrafted,
        contracts.invoice.InvoiceTermsBeyondCeiling,
        contracts.payment.PaymentAllocated,
        contracts.payment.PaymentReleased,
    )

    def keys(self, e: Recorded) -> Iterable[tuple[type[Row], Key]]:
        """The rows that :meth:`project` reads for this event."""
        fact = cast(Fact, e.data)
        match fact:
            case EntityRegistered() | CustomerRegistered():
                return
            case EntityAmended():
                yield Entity, (fact.entity_id,)
            case CustomerAmended():
                yield Customer, (fact.customer_id,)
            case PaymentIdentified():
                yield Balance, (e.entity, PAYER_UNKNOWN, fact.currency)
                yield Balance, (e.entity, fact.customer_id, fact.currency)
            case PaymentReceived() | PaymentReversed():
                yield Balance, (e.entity, fact.customer_id or PAYER_UNKNOWN, fact.currency)
            case InvoiceIssued():
                yield Clock, (CLOCK_ID,)
                yield Balance, (e.entity, fact.customer_id, fact.currency)
            case (
                InvoiceCredited()
                | PaymentApplied()
                | PaymentUnapplied()
                | ShareDisputed()
                | ShareUndisputed()
            ):
                yield Clock, (CLOCK_ID,)
                yield Item, (fact.invoice_id,)
                yield Balance, (e.entity, fact.customer_id, fact.currency)
            case _:
                assert_never(fact)

    def project(self, e: Recorded, rows: RowSet) -> None:
        """Write what the event changed. Raises for an event of an invoice that was never issued."""
        fact = cast(Fact, e.data)
        match fact:
            case EntityRegistered():
                rows.put(Entity(entity=fact.entity_id, name=fact.name, currency=fact.currency))
            case EntityAmended():
                entity = rows.get(Entity, fact.entity_id)
                if entity is None:
                    raise LookupError(f"{e.type} of {fact.entity_id}, which was never registered")
                rows.put(replace(entity, name=fact.name))
            case CustomerRegistered():
                rows.put(_customer(fact, e.entity, fact.external_ref))
            case CustomerAmended():
                known = rows.get(Customer, fact.customer_id)
                rows.put(_customer(fact, e.entity, known.external_ref if known else None))
            case InvoiceIssued():
                _issue(e, fact, rows)
            case InvoiceCredited():
                _move_item(e, fact, rows, "credited", amount=-fact.total_minor)
                _post(e, rows, "credited", fact, amount=-fact.total_minor, net=-fact.net_minor)
            case PaymentApplied():
                _move_item(e, fact, rows, "applied", amount=-fact.amount_minor)
                _move_cash(e, rows, "applied", fact, -fact.amount_minor)
            case PaymentUnapplied():
                _move_item(e, fact, rows, "unapplied", amount=fact.amount_minor)
                _move_cash(e, rows, "unapplied", fact, fact.amount_minor)
            case ShareDisputed():
                _move_item(e, fact, rows, "disputed", disputed=fact.amount_minor)
            case ShareUndisputed():
                _move_item(e, fact, rows, "undisputed", disputed=-fact.amount_minor)
            case PaymentReceived():
                _post(e, rows, "received", fact, amount=-fact.amount_minor)
                _move_cash(e, rows, "received", fact, fact.amount_minor)
            case PaymentIdentified():
                for customer_id, sign in ((PAYER_UNKNOWN, -1), (fact.customer_id, 1)):
                    _post(
                        e, rows, "identified", fact, amount=-sign * fact.amount_minor, customer_id=customer_id
                    )
                    _move_cash(e, rows, "identified", fact, sign * fact.amount_minor, customer_id=customer_id)
            case PaymentReversed():
                _post(e, rows, "reversed", fact, amount=fact.amount_minor)
                _move_cash(e, rows, "reversed", fact, -fact.amount_minor)
            case _:
                assert_never(fact)

    async def settle(self, conn: Conn, schema: str, days: list[date]) -> None:
        """Bring the bands of :class:`Balance` to the last of the opened days; several at once is one step."""
        await roll(conn, schema, max(days))


def contested(open_minor: int, disputed_minor: int) -> int:
    """The part of an open amount that is in dispute: a dispute outlives payment, but not what is owed."""
    return max(0, min(open_minor, disputed_minor))


def _customer(fact: CustomerRegistered | CustomerAmended, entity: str, external_ref: str | None) -> Customer:
    return Customer(
        customer_id=fact.customer_id,
        entity=entity,
        name=fact.name,
        name_key=fact.name.casefold(),
        external_ref=external_ref,
        country=fact.country,
        segment=fact.segment,
        salesperson=fact.salesperson,
    )


def _issue(e: Recorded, fact: InvoiceIssued, rows: RowSet) -> None:
    issued = Item(
        invoice_id=fact.invoice_id,
        number=fact.number,
        entity=e.entity,
        customer_id=fact.customer_id,
        currency=fact.currency,
        issued_on=fact.issued_on,
        due_on=fact.due_on,
        total_minor=fact.total_minor,
        open_minor=0,
        disputed_minor=0,
        salesperson=fact.salesperson,
    )
    _write_item(e, issued, rows, "issued", amount=fact.total_minor)
    _post(e, rows, "issued", fact, amount=fact.total_minor, net=fact.net_minor)


def _move_item(
    e: Recorded, fact: OnItem, rows: RowSet, kind: str, *, amount: int = 0, disputed: int = 0
) -> None:
    item = rows.get(Item, fact.invoice_id)
    if item is None:
        raise LookupError(f"{e.type} on {fact.invoice_id}, which this ledger never issued")
    _write_item(e, item, rows, kind, amount=amount, disputed=disputed)


def _write_item(
    e: Recorded, item: Item, rows: RowSet, kind: str, *, amount: int = 0, disputed: int = 0
) -> None:
    rows.put(
        ItemMovement(
            position=e.position,
            invoice_id=item.invoice_id,
            kind=kind,
            entity=item.entity,
            customer_id=item.customer_id,
            currency=item.currency,
            issued_on=item.issued_on,
            due_on=item.due_on,
            effective_on=e.effective_on,
            amount_minor=amount,
            disputed_minor=disputed,
        )
    )
    after = replace(item, open_minor=item.open_minor + amount, disputed_minor=item.disputed_minor + disputed)
    rows.put(after)
    clock = rows.get(Clock, CLOCK_ID)
    day = clock.day if clock else BEFORE_TIME
    band = f"band_{STANDARD.index(days_past_due(item.due_on, day))}_minor"
    balance = _balance(rows, item.entity, item.customer_id, item.currency)
    shared = contested(after.open_minor, after.disputed_minor) - contested(
        item.open_minor, item.disputed_minor
    )
    changed = {
        "open_minor": balance.open_minor + amount,
        band: getattr(balance, band) + amount,
        "disputed_minor": balance.disputed_minor + shared,
    }
    rows.put(replace(balance, **changed))


def _post(
    e: Recorded,
    rows: RowSet,
    kind: Posting,
    fact: InvoiceIssued | InvoiceCredited | PaymentReceived | PaymentIdentified | PaymentReversed,
    *,
    amount: int,
    net: int = 0,
    customer_id: str | None = None,
) -> None:
    customer = customer_id if customer_id is not None else fact.customer_id or PAYER_UNKNOWN
    rows.put(
        AccountMovement(
            position=e.position,
            customer_id=customer,
            kind=kind,
            entity=e.entity,
            currency=fact.currency,
            effective_on=e.effective_on,
            amount_minor=amount,
            net_minor=net,
        )
    )
    balance = _balance(rows, e.entity, customer, fact.currency)
    rows.put(replace(balance, account_minor=balance.account_minor + amount))


def _move_cash(
    e: Recorded,
    rows: RowSet,
    kind: str,
    fact: PaymentReceived | PaymentIdentified | PaymentReversed | PaymentApplied | PaymentUnapplied,
    amount: int,
    *,
    customer_id: str | None = None,
) -> None:
    customer = customer_id if customer_id is not None else fact.customer_id or PAYER_UNKNOWN
    rows.put(
        UnappliedMovement(
            position=e.position,
            customer_id=customer,
            kind=kind,
            payment_id=fact.payment_id,
            entity=e.entity,
            currency=fact.currency,
            effective_on=e.effective_on,
            amount_minor=amount,
        )
    )
    balance = _balance(rows, e.entity, customer, fact.currency)
    rows.put(replace(balance, unapplied_minor=balance.unapplied_minor + amount))


def _balance(rows: RowSet, entity: str, customer_id: str, currency: str) -> Balance:
    found = rows.get(Balance, entity, customer_id, currency)
    return found or Balance(entity=entity, customer_id=customer_id, currency=currency)
