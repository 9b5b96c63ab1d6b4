"""A ledger of one customer in memory, with the run of each day as dunning-svc does it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from dunning_svc.domain.ladder.decide import decide_customer
from dunning_svc.domain.ladder.events import DecisionEvent, as_event, decision_key, stream_of
from dunning_svc.domain.policy.policy import DEFAULT_POLICY, Policy
from dunning_svc.outbox.recheck import suppression
from dunning_svc.read_models.cases.due import Group
from dunning_svc.read_models.cases.model import keys, project
from dunning_svc.read_models.cases.past import MemoryRows
from dunning_svc.read_models.cases.rows import R
from encours.contracts import Event, Recorded, calendar, customer, dunning, entity, invoice, payment
from encours.contracts.common import Address, Terms
from encours.kernel.ids import derived_id, derived_uuid
from encours.projection.rows import Row

START = date(2026, 1, 5)
ENT, CUS = derived_id("ent", 1), derived_id("cus", 1)
GROUP: Group = (CUS, ENT, "EUR")
ADDRESS = Address(lines=("2 place Bellecour",), postal_code="69002", city="Lyon", country="FR")


class Asked(MemoryRows):
    """Remembers which rows a projection asks for."""

    def __init__(self, rows: MemoryRows) -> None:
        self.tables = rows.tables
        self.keys: set[tuple[type[Row], tuple[Any, ...]]] = set()

    def get(self, kind: type[R], *key: Any) -> R | None:
        self.keys.add((kind, key))
        return super().get(kind, *key)


class History:
    """A ledger of one customer in memory, with the run of each day as the service does it."""

    def __init__(
        self,
        *,
        email: str | None = "a@example.com",
        address: Address | None = ADDRESS,
        policy: Policy = DEFAULT_POLICY,
    ) -> None:
        self.policy = policy
        self.events: list[Recorded] = []
        self.rows = MemoryRows()
        self.today = START
        self.decided: list[tuple[Recorded, DecisionEvent]] = []
        self.open: dict[str, int] = {}
        self.applied: dict[str, list[tuple[str, str, int, int]]] = {}
        self.disputed: dict[str, int] = {}
        self.conceded: dict[str, int] = {}
        self.written_off: dict[str, int] = {}
        self.add(
            entity.EntityRegistered(
                entity_id=ENT, name="Créancier", country="FR", currency="EUR", time_zone="Europe/Paris",
                legal_form=None, siren=None, vat_id=None, address=None, iban=None,
            ),
            ENT,
        )  # fmt: skip
        self.add(
            customer.CustomerRegistered(
                customer_id=CUS, entity_id=ENT, name="Débiteur", external_ref=None, country="FR",
                language="fr", email=email, phone=None, siren=None, vat_id=None, address=address, segment=None,
                salesperson=None,
            ),
            CUS,
        )  # fmt: skip

    def add(
        self, data: Event, stream: str, *, causation: UUID | None = None, command: UUID | None = None
    ) -> Recorded:
        version = sum(e.stream == stream for e in self.events) + 1
        recorded = Recorded(
            ledger="main", position=len(self.events) + 1, stream=stream, version=version, type=data.TYPE,
            schema_version=1, entity=ENT, event_id=derived_uuid(len(self.events)), effective_on=self.today,
            recorded_at=datetime(self.today.year, self.today.month, self.today.day, 9, tzinfo=UTC),
            actor="test", command_id=command or derived_uuid("c", len(self.events)), data=data, causation_id=causation,
        )  # fmt: skip
        self.events.append(recorded)
        asked = Asked(self.rows)
        project(recorded, asked)
        assert asked.keys <= set(keys(recorded)), "a row that is not fetched ahead costs a query of its own"
        return recorded

    def open_day(self, *, late: bool = False) -> DecisionEvent | None:
        self.today += timedelta(days=1)
        opened = self.add(calendar.DayOpened(day=self.today, late=late), calendar.STREAM)
        return None if late else self.decide(opened)

    def decide(self, opened: Recorded) -> DecisionEvent | None:
        view = self.rows.case(GROUP)
        assert view is not None
        decision = decide_customer(view, self.today, self.policy, opened.position)
        if decision is None:
            return None
        key = decision_key("main", opened.event_id, *GROUP)
        event = as_event(decision, key)
        self.decided.append((opened, event))
        self.add(event, stream_of(event), causation=opened.event_id)
        return event

    def issue(self, days: int, amount: int) -> None:
        inv = derived_id("inv", len(self.open))
        self.open[inv] = amount
        self.add(
            invoice.InvoiceIssued(
                invoice_id=inv, customer_id=CUS, number=f"FAC-{len(self.open):04}", series="FAC",
                issued_on=self.today, supply_on=self.today, due_on=self.today + timedelta(days=days),
                currency="EUR", vat=(), net_minor=amount, vat_minor=0, total_minor=amount,
                terms=Terms(due_kind="NET", days=days, penalty_rate_bps=None, indemnity_minor=4000),
                reference=None, salesperson=None, origin="issued",
            ),
            inv,
        )  # fmt: skip

    def receive(self, amount: int, command: UUID | None = None) -> str:
        pay = derived_id("pay", len(self.events))
        self.add(
            payment.PaymentReceived(
                payment_id=pay, customer_id=CUS, received_on=self.today, amount_minor=amount, currency="EUR",
                method="transfer", remittance_text=None, external_ref=None, origin="issued",
            ),
            pay,
            command=command,
        )  # fmt: skip
        return pay

    def reverse(self, pay: str, amount: int) -> None:
        """Return a payment that no invoice has taken."""
        self.add(
            payment.PaymentReversed(
                payment_id=pay, customer_id=CUS, amount_minor=amount, currency="EUR", cause="returned",
                reversed_on=self.today,
            ),
            pay,
        )  # fmt: skip

    def settle(self, which: int, amount: int, surplus: int = 0) -> None:
        """Pay part of an invoice: what the pair of payment and invoice events come to."""
        if not (inv := self._nth(which)) or not (part := min(amount, self.open[inv])):
            return
        alo, command = derived_id("alo", len(self.events)), derived_uuid("settle", len(self.events))
        pay = self.receive(part + surplus, command)
        self.add(
            payment.PaymentAllocated(
                payment_id=pay, customer_id=CUS, currency="EUR", allocations=(allocation(alo, inv, part),)
            ),
            pay,
            command=command,
        )
        self.add(
            invoice.PaymentApplied(
                invoice_id=inv, customer_id=CUS, currency="EUR", payment_id=pay, allocation_id=alo,
                amount_minor=part, received_on=self.today,
            ),
            inv,
            command=command,
        )  # fmt: skip
        self.open[inv] -= part
        self.applied.setdefault(inv, []).append((pay, alo, part, surplus))

    def unsettle(self, which: int, reverse: bool) -> None:
        inv = self._nth(which)
        if not inv or not self.applied.get(inv):
            return
        pay, alo, part, surplus = self.applied[inv].pop()
        command = derived_uuid("unsettle", len(self.events))
        self.add(
            payment.PaymentReleased(
                payment_id=pay, customer_id=CUS, currency="EUR", allocations=(allocation(alo, inv, part),)
            ),
            pay,
            command=command,
        )
        if reverse:
            self.add(
                payment.PaymentReversed(
                    payment_id=pay, customer_id=CUS, amount_minor=part + surplus, currency="EUR", cause="returned",
                    reversed_on=self.today,
                ),
                pay,
                command=command,
            )  # fmt: skip
        self.add(
            invoice.PaymentUnapplied(
                invoice_id=inv, customer_id=CUS, currency="EUR", payment_id=pay, allocation_id=alo,
                amount_minor=part, cause="reversed" if reverse else "released",
            ),
            inv,
            command=command,
        )  # fmt: skip
        self.open[inv] += part

    def dispute(self, which: int, amount: int) -> None:
        inv = self._nth(which)
        if not inv:
            return
        dis = derived_id("dis", inv)
        if standing := self.disputed.pop(inv, 0):
            self.add(
                invoice.ShareUndisputed(
                    invoice_id=inv, customer_id=CUS, currency="EUR", dispute_id=dis, amount_minor=standing,
                    outcome="rejected", awaiting_credit_minor=0,
                ),
                inv,
            )  # fmt: skip
            return
        self.disputed[inv] = amount
        self.add(
            invoice.ShareDisputed(
                invoice_id=inv, customer_id=CUS, currency="EUR", dispute_id=dis, amount_minor=amount
            ),
            inv,
        )

    def concede(self, which: int) -> None:
        """Resolve a dispute as credited; the credit note is still to come."""
        inv = self._nth(which)
        if not inv or not (claimed := self.disputed.pop(inv, 0)):
            return
        awaiting = min(claimed, self.open[inv] - self.conceded.get(inv, 0))
        self.conceded[inv] = self.conceded.get(inv, 0) + awaiting
        self.add(
            invoice.ShareUndisputed(
                invoice_id=inv, customer_id=CUS, currency="EUR", dispute_id=derived_id("dis", inv),
                amount_minor=claimed, outcome="credited", awaiting_credit_minor=awaiting,
            ),
            inv,
        )  # fmt: skip

    def credit(self, which: int, amount: int) -> None:
        """Issue a credit note for part of an invoice; conceded amounts come first."""
        inv = self._nth(which)
        if not inv or not (part := min(amount, self.open[inv])):
            return
        awaited = min(part, self.conceded.get(inv, 0))
        self.conceded[inv] = self.conceded.get(inv, 0) - awaited
        self.open[inv] -= part
        self.add(
            invoice.InvoiceCredited(
                invoice_id=inv, customer_id=CUS, currency="EUR", credit_note_id=derived_id("crn", len(self.events)),
                number=f"AV-{len(self.events)}", series=None, issued_on=self.today, vat=(), net_minor=part,
                vat_minor=0, total_minor=part, awaited_minor=awaited, whole=False, cause="test", origin="issued",
            ),
            inv,
        )  # fmt: skip

    def write_off(self, which: int, amount: int) -> None:
        """Write off part of an invoice, or take that back."""
        inv = self._nth(which)
        if not inv:
            return
        if gone := self.written_off.pop(inv, 0):
            self.open[inv] += gone
            self.add(
                invoice.WriteOffReversed(
                    invoice_id=inv, customer_id=CUS, currency="EUR", amount_minor=gone, cause="test"
                ),
                inv,
            )
        elif part := min(amount, self.open[inv]):
            self.written_off[inv] = part
            self.open[inv] -= part
            self.add(
                invoice.InvoiceWrittenOff(
                    invoice_id=inv,
                    customer_id=CUS,
                    currency="EUR",
                    amount_minor=part,
                    cause="test",
                    evidence=None,
                ),
                inv,
            )

    def hold(self, days: int) -> None:
        until = self.today + timedelta(days=days)
        self.add(dunning.HoldPlaced(customer_id=CUS, until=until, cause="test"), CUS.replace("cus", "hld"))

    def withdraw(self) -> None:
        """The last request was overtaken before it left."""
        if self.decided and isinstance(request := self.decided[-1][1], dunning.ReminderRequested):
            stream = stream_of(request)
            if sum(e.stream == stream for e in self.events) == 1:
                self.add(suppression(request, "changed_meanwhile"), stream)

    def _nth(self, which: int) -> str | None:
        return list(self.open)[which % len(self.open)] if self.open else None


def allocation(allocation_id: str, invoice_id: str, part: int) -> payment.Allocation:
    """A part of a payment on an invoice."""
    return payment.Allocation(
        allocation_id=allocation_id,
        invoice_id=invoice_id,
        amount_minor=part,
        rule="oldest_due",
        basis="test",
        evidence=None,
    )
