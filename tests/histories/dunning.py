"""A ledger of one customer in memory, with the run of each day as dunning-svc does it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from dunning_svc.domain.ladder.decide import decide_customer
from dunning_svc.domain.ladder.events import DecisionEvent, approval_task, as_event, stream_of
from dunning_svc.domain.ladder.grouping import decisions_of, in_units
from dunning_svc.domain.ladder.recheck import suppression
from dunning_svc.domain.ladder.state import Case
from dunning_svc.domain.policy.arms import assignment_id
from dunning_svc.domain.policy.policy import Policy
from dunning_svc.domain.policy.shipped import DEFAULT_POLICY
from dunning_svc.read_models.cases.composition import Group
from dunning_svc.read_models.cases.fold.by_event import keys, project
from dunning_svc.read_models.cases.past import MemoryRows
from dunning_svc.read_models.cases.rows.parties import CreditorRow, DebtorRow
from dunning_svc.use_cases.experiments import new_assignments
from dunning_svc.use_cases.runs import key_of
from encours.contracts import Event, Recorded
from encours.contracts.common import Address, Terms
from encours.contracts.events import calendar, reminders
from encours.contracts.events.dunning.placements import InvoicesPlaced, InvoicesRecalled, PlacedInvoice
from encours.contracts.events.loss import InvoiceWrittenOff, WriteOffReversed
from encours.contracts.events.parties.customer import (
    CustomerAmended,
    CustomerContactAdded,
    CustomerRegistered,
    FieldValue,
)
from encours.contracts.events.parties.entity import EntityRegistered
from encours.contracts.events.parties.field import InvoiceFieldsSet
from encours.contracts.events.parties.insolvency import InsolvencyClosed, InsolvencyOpened
from encours.kernel.ids import derived_id, derived_uuid
from encours.testing.events import (
    TERMS,
    allocated,
    allocation,
    applied,
    credited,
    disputed,
    event,
    issued,
    received,
    released,
    reversed_,
    unapplied,
    undisputed,
)
from tests.histories.approvals import settle_all
from tests.histories.asked import Asked
from tests.histories.governed import Governed
from tests.histories.promises import judge_all, promised, state_of, withdrawn

START = date(2026, 1, 5)
ENT, CUS = derived_id("ent", 1), derived_id("cus", 1)
GROUP: Group = (CUS, ENT, "EUR")
ADDRESS = Address(lines=("2 place Bellecour",), postal_code="69002", city="Lyon", country="FR")


class History(Governed):
    """A ledger of one customer in memory, with the run of each day as the service does it."""

    def __init__(
        self,
        *,
        email: str | None = "a@example.com",
        address: Address | None = ADDRESS,
        policy: Policy = DEFAULT_POLICY,
    ) -> None:
        self.policy = policy
        self.customer = CUS
        self.owners: dict[str, str] = {}
        self.events: list[Recorded] = []
        self.rows = MemoryRows()
        self.today = START
        self.decided: list[tuple[Recorded, DecisionEvent]] = []
        self.open: dict[str, int] = {}
        self.versions: dict[str, int] = {}
        self.applied: dict[str, list[tuple[str, str, int, int]]] = {}
        self.disputed: dict[str, int] = {}
        self.conceded: dict[str, int] = {}
        self.written_off: dict[str, int] = {}
        self.placed: dict[str, str] = {}
        self.judgments = 0
        self.promises: list[str] = []
        self.add(event(EntityRegistered, entity_id=ENT, name="Créancier"), ENT)
        self.add(
            event(
                CustomerRegistered,
                customer_id=CUS,
                entity_id=ENT,
                name="Débiteur",
                email=email,
                address=address,
            ),
            CUS,
        )

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

    def contact(self, role: str, email: str | None) -> None:
        """Add a person at the customer."""
        self.add(
            event(
                CustomerContactAdded, customer_id=self.customer, role=role, name="Claire Martin", email=email
            ),
            self.customer,
        )

    def open_day(self, *, late: bool = False) -> DecisionEvent | None:
        self.today += timedelta(days=1)
        opened = self.add(calendar.DayOpened(day=self.today, late=late), calendar.STREAM)
        judge_all(self)
        decided = None if late else self.decide(opened)
        settle_all(self, opened.position)
        return decided

    def live(self, acts: Iterable[tuple[Any, ...]], days: int, **own: Callable[..., Any]) -> None:
        """Do acts by their names, each a method of the history or one of ``own``, and open so many days at the end."""
        for name, *arguments in [*acts, ("days", days)]:
            if name in ("days", "late"):
                for _ in range(arguments[0]):
                    self.open_day(late=name == "late")
            elif name in own:
                own[name](self, *arguments)
            else:
                getattr(self, name)(*arguments)

    def decide(self, opened: Recorded) -> DecisionEvent | None:
        view = self.rows.case(GROUP)
        assert view is not None
        for assigned, _ in new_assignments([view], self.rows.policies(), self.today):
            self.add(
                assigned,
                assignment_id(assigned.experiment_id, assigned.customer_id),
                causation=opened.event_id,
            )
        if self.policy is DEFAULT_POLICY:
            policies = self.rows.policies()
            units = in_units(self.cases(), lambda _: self.today, policies)
            found = [
                each for unit in units for each in decisions_of(unit, self.today, policies, opened.position)
            ]
        else:
            one = decide_customer(view, self.today, self.policy, opened.position)
            found = [] if one is None else [one]
        made: DecisionEvent | None = None
        for decision in found:
            made = as_event(decision, key_of(decision, opened))
            self.decided.append((opened, made))
            self.add(made, stream_of(made), causation=opened.event_id)
            if (task := approval_task(made)) is not None:
                self.add(task, task.task_id)
        return made

    def cases(self) -> list[Case]:
        """Return the cases that the run of the day decides."""
        return self.rows.cases_with([GROUP], self.today)

    def issue(self, days: int, amount: int, terms: Terms = TERMS) -> None:
        inv = derived_id("inv", len(self.open))
        self.open[inv] = amount
        self.owners[inv] = self.customer
        self.add(
            issued(
                amount,
                invoice_id=inv,
                customer_id=self.customer,
                number=f"FAC-{len(self.open):04}",
                issued_on=self.today,
                supply_on=self.today,
                due_on=self.today + timedelta(days=days),
                terms=terms,
            ),
            inv,
        )

    def receive(self, amount: int, command: UUID | None = None) -> str:
        pay = derived_id("pay", len(self.events))
        taken = received(amount, payment_id=pay, customer_id=self.customer, received_on=self.today)
        self.add(taken, pay, command=command)
        return pay

    def reverse(self, pay: str, amount: int) -> None:
        """Return a payment that no invoice has taken."""
        self.add(reversed_(amount, payment_id=pay, customer_id=self.customer, reversed_on=self.today), pay)

    def settle(self, which: int, amount: int, surplus: int = 0) -> None:
        """Pay part of an invoice: what the pair of payment and invoice events come to."""
        if not (inv := self._nth(which)) or not (part := min(amount, self.open[inv])):
            return
        alo, command = derived_id("alo", len(self.events)), derived_uuid("settle", len(self.events))
        pay = self.receive(part + surplus, command)
        self.add(
            allocated(
                allocation(part, allocation_id=alo, invoice_id=inv), payment_id=pay, customer_id=self.customer
            ),
            pay,
            command=command,
        )
        self.add(
            applied(
                part,
                invoice_id=inv,
                customer_id=self.customer,
                payment_id=pay,
                allocation_id=alo,
                received_on=self.today,
            ),
            inv,
            command=command,
        )
        self.open[inv] -= part
        self.applied.setdefault(inv, []).append((pay, alo, part, surplus))

    def unsettle(self, which: int, reverse: bool) -> None:
        inv = self._nth(which)
        if not inv or not self.applied.get(inv):
            return
        pay, alo, part, surplus = self.applied[inv].pop()
        command = derived_uuid("unsettle", len(self.events))
        self.add(
            released(
                allocation(part, allocation_id=alo, invoice_id=inv), payment_id=pay, customer_id=self.customer
            ),
            pay,
            command=command,
        )
        if reverse:
            self.add(
                reversed_(part + surplus, payment_id=pay, customer_id=self.customer, reversed_on=self.today),
                pay,
                command=command,
            )
        self.add(
            unapplied(
                part,
                invoice_id=inv,
                customer_id=self.customer,
                payment_id=pay,
                allocation_id=alo,
                cause="reversed" if reverse else "released",
            ),
            inv,
            command=command,
        )
        self.open[inv] += part

    def dispute(self, which: int, amount: int) -> None:
        inv = self._nth(which)
        if not inv:
            return
        dis = derived_id("dis", inv)
        if standing := self.disputed.pop(inv, 0):
            self.add(
                undisputed(
                    standing, invoice_id=inv, customer_id=self.customer, dispute_id=dis, outcome="rejected"
                ),
                inv,
            )
            return
        self.disputed[inv] = amount
        self.add(disputed(amount, invoice_id=inv, customer_id=self.customer, dispute_id=dis), inv)

    def concede(self, which: int) -> None:
        """Resolve a dispute as credited; the credit note is still to come."""
        inv = self._nth(which)
        if not inv or not (claimed := self.disputed.pop(inv, 0)):
            return
        awaiting = min(claimed, self.open[inv] - self.conceded.get(inv, 0))
        self.conceded[inv] = self.conceded.get(inv, 0) + awaiting
        self.add(
            undisputed(
                claimed,
                invoice_id=inv,
                customer_id=self.customer,
                dispute_id=derived_id("dis", inv),
                outcome="credited",
                awaiting_credit_minor=awaiting,
            ),
            inv,
        )

    def credit(self, which: int, amount: int) -> None:
        """Issue a credit note for part of an invoice; conceded amounts come first."""
        inv = self._nth(which)
        if not inv or not (part := min(amount, self.open[inv])):
            return
        awaited = min(part, self.conceded.get(inv, 0))
        self.conceded[inv] = self.conceded.get(inv, 0) - awaited
        self.open[inv] -= part
        self.add(
            credited(
                part,
                invoice_id=inv,
                customer_id=self.customer,
                credit_note_id=derived_id("crn", len(self.events)),
                number=f"AV-{len(self.events)}",
                issued_on=self.today,
                awaited_minor=awaited,
            ),
            inv,
        )

    def write_off(self, which: int, amount: int) -> None:
        """Write off part of an invoice, or take that back."""
        inv = self._nth(which)
        if not inv:
            return
        if gone := self.written_off.pop(inv, 0):
            self.open[inv] += gone
            self.add(
                event(WriteOffReversed, invoice_id=inv, customer_id=self.customer, amount_minor=gone),
                inv,
            )
        elif part := min(amount, self.open[inv]):
            self.written_off[inv] = part
            self.open[inv] -= part
            self.add(
                event(InvoiceWrittenOff, invoice_id=inv, customer_id=self.customer, amount_minor=part),
                inv,
            )

    def judge(self, days_ago: int) -> None:
        """Record a judgment that opened insolvency proceedings so many days ago; those in force are set aside."""
        number = f"ins_{self.judgments // 2}"
        found: Event = event(
            InsolvencyOpened,
            customer_id=self.customer,
            insolvency_id=number,
            opened_on=self.today - timedelta(days=days_ago),
        )
        if self.judgments % 2:
            found = event(
                InsolvencyClosed, customer_id=self.customer, insolvency_id=number, outcome="set_aside"
            )
        self.judgments += 1
        self.add(found, self.customer)

    def parties(self) -> tuple[list[DebtorRow], list[CreditorRow]]:
        """Return the debtor and the creditor."""
        return self.rows.all(DebtorRow), self.rows.all(CreditorRow)

    def tag(self, *tags: str) -> None:
        """Amend the customer's tags."""
        self.add(
            event(
                CustomerAmended,
                customer_id=self.customer,
                name="Débiteur",
                country="FR",
                email="a@example.com",
                address=ADDRESS,
                tags=tags,
            ),
            self.customer,
        )

    def label(self, which: int, *fields: FieldValue) -> None:
        """Set the custom fields of an invoice."""
        if inv := self._nth(which):
            self.add(InvoiceFieldsSet(invoice_id=inv, customer_id=self.customer, fields=fields), inv)

    def hold(self, days: int) -> None:
        until = self.today + timedelta(days=days)
        self.add(
            reminders.HoldPlaced(customer_id=self.customer, until=until, cause="test"),
            self.customer.replace("cus", "hld"),
        )

    def promise(self, which: int, days: int) -> None:
        """Promise to pay an invoice within some days, without days of grace."""
        if (inv := self._nth(which)) and (made := promised(self, [inv], days)):
            self.promises.append(made)

    def unpromise(self) -> None:
        """Withdraw the last promise that is open."""
        for promise_id in reversed(self.promises):
            if state_of(self, promise_id).status == "open":
                withdrawn(self, promise_id)
                return

    def place(self, which: int) -> None:
        """Hand an invoice over to an agency, or recall it."""
        if not (inv := self._nth(which)):
            return
        if placement_id := self.placed.pop(inv, None):
            recalled = event(
                InvoicesRecalled,
                placement_id=placement_id,
                customer_id=self.customer,
                invoice_ids=(inv,),
                ended=True,
            )
            self.add(recalled, placement_id)
            return
        placement_id = self.placed[inv] = derived_id("plc", len(self.events))
        placed = event(PlacedInvoice, invoice_id=inv, open_minor=self.open[inv])
        made = event(InvoicesPlaced, placement_id=placement_id, customer_id=self.customer, invoices=(placed,))
        self.add(made, placement_id)

    def withdraw(self) -> None:
        """The last request was overtaken before it left."""
        if self.decided and isinstance(request := self.decided[-1][1], reminders.ReminderRequested):
            stream = stream_of(request)
            if sum(e.stream == stream for e in self.events) == 1:
                self.add(suppression(request, "changed_meanwhile"), stream)

    def _nth(self, which: int) -> str | None:
        if not self.open:
            return None
        found = list(self.open)[which % len(self.open)]
        self.customer = self.owners[found]
        return found
