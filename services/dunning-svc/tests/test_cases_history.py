"""Histories at random: whatever happens, live day by day equals a replay, and the ladder keeps its promises."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from dunning_svc.domain.ladder.decide import decide_customer
from dunning_svc.domain.ladder.events import DecisionEvent, as_event, decision_key, stream_of
from dunning_svc.domain.ladder.policy import DEFAULT_POLICY
from dunning_svc.outbox.recheck import suppression
from dunning_svc.read_models.cases import keys, project
from dunning_svc.read_models.rows import AccountRow, CustomerRow, ItemRow, R
from dunning_svc.use_cases.history import MemoryRows, folded
from dunning_svc.use_cases.views import Group
from encours.contracts import Event, Recorded, calendar, customer, dunning, encode, entity, invoice, payment
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

    def __init__(self, *, email: str | None = "a@example.com", address: Address | None = ADDRESS) -> None:
        self.events: list[Recorded] = []
        self.rows = MemoryRows()
        self.today = START
        self.decided: list[tuple[Recorded, DecisionEvent]] = []
        self.open: dict[str, int] = {}
        self.applied: dict[str, list[tuple[str, int]]] = {}
        self.disputed: dict[str, int] = {}
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

    def add(self, data: Event, stream: str, *, causation: UUID | None = None) -> Recorded:
        version = sum(e.stream == stream for e in self.events) + 1
        recorded = Recorded(
            ledger="main", position=len(self.events) + 1, stream=stream, version=version, type=data.TYPE,
            schema_version=1, entity=ENT, event_id=derived_uuid(len(self.events)), effective_on=self.today,
            recorded_at=datetime(self.today.year, self.today.month, self.today.day, 9, tzinfo=UTC),
            actor="test", command_id=derived_uuid("c", len(self.events)), data=data, causation_id=causation,
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
        view = self.rows.view(GROUP)
        assert view is not None
        decision = decide_customer(view, self.today, DEFAULT_POLICY, opened.position)
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

    def receive(self, amount: int) -> None:
        pay = derived_id("pay", len(self.events))
        self.add(
            payment.PaymentReceived(
                payment_id=pay, customer_id=CUS, received_on=self.today, amount_minor=amount, currency="EUR",
                method="transfer", remittance_text=None, external_ref=None, origin="issued",
            ),
            pay,
        )  # fmt: skip

    def settle(self, which: int, amount: int) -> None:
        """Pay part of an invoice: what the pair of payment and invoice events come to."""
        if not (inv := self._nth(which)) or not (part := min(amount, self.open[inv])):
            return
        pay, alo = derived_id("pay", len(self.events)), derived_id("alo", len(self.events))
        self.receive(part)
        allocation = payment.Allocation(
            allocation_id=alo,
            invoice_id=inv,
            amount_minor=part,
            rule="oldest_due",
            basis="test",
            evidence=None,
        )
        self.add(
            payment.PaymentAllocated(
                payment_id=pay, customer_id=CUS, currency="EUR", allocations=(allocation,)
            ),
            pay,
        )
        self.add(
            invoice.PaymentApplied(
                invoice_id=inv, customer_id=CUS, currency="EUR", payment_id=pay, allocation_id=alo,
                amount_minor=part, received_on=self.today,
            ),
            inv,
        )  # fmt: skip
        self.open[inv] -= part
        self.applied.setdefault(inv, []).append((alo, part))

    def unsettle(self, which: int) -> None:
        inv = self._nth(which)
        if not inv or not self.applied.get(inv):
            return
        alo, part = self.applied[inv].pop()
        self.add(
            invoice.PaymentUnapplied(
                invoice_id=inv, customer_id=CUS, currency="EUR", payment_id="pay_x", allocation_id=alo,
                amount_minor=part, cause="reversed",
            ),
            inv,
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
                    outcome="rejected",
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


_AMOUNT = st.integers(1, 5_000)
_ACTS = st.one_of(
    st.tuples(st.just("issue"), st.integers(0, 40), _AMOUNT),
    st.tuples(st.just("receive"), _AMOUNT),
    st.tuples(st.just("settle"), st.integers(0, 9), _AMOUNT),
    st.tuples(st.just("unsettle"), st.integers(0, 9)),
    st.tuples(st.just("dispute"), st.integers(0, 9), _AMOUNT),
    st.tuples(st.just("hold"), st.integers(0, 20)),
    st.tuples(st.just("withdraw")),
    st.tuples(st.just("days"), st.integers(1, 12)),
    st.tuples(st.just("late"), st.integers(1, 12)),
)
_HISTORIES = st.lists(_ACTS, min_size=3, max_size=30)


def lived(
    acts: list[tuple[Any, ...]], *, email: str | None = "a@example.com", address: Address | None = ADDRESS
) -> History:
    history = History(email=email, address=address)
    history.issue(10, 1_000)
    for name, *arguments in [*acts, ("days", 40)]:
        if name in ("days", "late"):
            for _ in range(arguments[0]):
                history.open_day(late=name == "late")
        else:
            getattr(history, name)(*arguments)
    return history


def _content(rows: MemoryRows) -> dict[str, list[str]]:
    return {kind.TABLE: sorted(repr(row) for row in table.values()) for kind, table in rows.tables.items()}


_EMAILS = st.sampled_from(["a@example.com", None])
_ADDRESSES = st.sampled_from([ADDRESS, None])


@given(_HISTORIES, _EMAILS, _ADDRESSES)
@settings(max_examples=60, deadline=None)
def test_live_day_by_day_equals_a_replay(
    acts: list[tuple[Any, ...]], email: str | None, address: Address | None
) -> None:
    history = lived(acts, email=email, address=address)
    streams: dict[str, list[Recorded]] = {}
    for e in history.events:
        streams.setdefault(e.stream, []).append(e)
    assert _content(folded(streams)) == _content(history.rows)


@given(_HISTORIES, _EMAILS, _ADDRESSES)
@settings(max_examples=60, deadline=None)
def test_no_letter_is_requested_for_a_customer_without_a_postal_address(
    acts: list[tuple[Any, ...]], email: str | None, address: Address | None
) -> None:
    history = lived(acts, email=email, address=address)
    reached = {"email": email, "letter": address, "registered_letter": address}
    for _, event in history.decided:
        if isinstance(event, dunning.ReminderRequested):
            assert reached[event.channel] is not None


@given(_HISTORIES, _EMAILS, _ADDRESSES)
@settings(max_examples=60, deadline=None)
def test_every_decision_follows_again_from_the_events_before_it(
    acts: list[tuple[Any, ...]], email: str | None, address: Address | None
) -> None:
    history = lived(acts, email=email, address=address)
    for opened, event in history.decided:
        rows = folded({"all": [e for e in history.events if e.position <= opened.position]})
        view = rows.view(GROUP)
        assert view is not None
        assert isinstance(opened.data, calendar.DayOpened)
        again = decide_customer(view, opened.data.day, DEFAULT_POLICY, opened.position)
        assert again is not None
        assert encode(as_event(again, decision_key("main", opened.event_id, *GROUP))) == encode(event)


@given(_HISTORIES, _EMAILS, _ADDRESSES)
@settings(max_examples=60, deadline=None)
def test_running_a_day_twice_takes_no_further_step(
    acts: list[tuple[Any, ...]], email: str | None, address: Address | None
) -> None:
    """What was set aside for a step that could be taken may be left to say. The day's command id is used by then, so
    that the ledger answers with the first decision, and it is said the next day."""
    history = lived(acts, email=email, address=address)
    view = history.rows.view(GROUP)
    assert view is not None
    again = decide_customer(view, history.today, DEFAULT_POLICY, len(history.events))
    if again is not None:
        assert again.cause is not None
        opened, stored = history.decided[-1]
        assert stored.day == history.today
        assert stored.decision_id == f"dec_{decision_key('main', opened.event_id, *GROUP).hex}"


@given(_HISTORIES)
@settings(max_examples=60, deadline=None)
def test_no_step_is_taken_twice_and_steps_only_go_up(acts: list[tuple[Any, ...]]) -> None:
    history = lived([act for act in acts if act[0] != "withdraw"])
    taken: dict[str, list[int]] = {}
    said: Counter[tuple[str, str]] = Counter()
    for _, event in history.decided:
        for item in event.items:
            if not item.step:
                continue
            if isinstance(event, dunning.ReminderSuppressed):
                said[item.invoice_id, item.step] += 1
            else:
                taken.setdefault(item.invoice_id, []).append(DEFAULT_POLICY.step(item.step).offset_days)
    for offsets in taken.values():
        assert offsets == sorted(set(offsets))


@given(_HISTORIES)
@settings(max_examples=60, deadline=None)
def test_what_is_asked_is_never_more_than_open_less_disputed_less_credit(
    acts: list[tuple[Any, ...]],
) -> None:
    history = lived(acts)
    for opened, event in history.decided:
        rows = folded({"all": [e for e in history.events if e.position <= opened.position]})
        account = rows.get(AccountRow, *GROUP)
        items = {row.invoice_id: row for row in rows.all(ItemRow)}
        for item in event.items:
            row = items[item.invoice_id]
            assert item.asked_minor <= max(0, row.open_minor - row.disputed_minor)
            assert row.open_minor > 0
        collectable = sum(max(0, r.open_minor - r.disputed_minor) for r in items.values())
        credit = max(0, account.unapplied_minor) if account else 0
        assert event.amount_minor <= max(0, collectable - credit)
        if not isinstance(event, dunning.ReminderSuppressed):
            assert event.amount_minor > 0
            held = rows.get(CustomerRow, CUS)
            assert held is not None
            assert held.hold_until is None or held.hold_until < event.day


@given(_HISTORIES)
@settings(max_examples=40, deadline=None)
def test_rows_without_a_step_to_come_hide_nothing_from_a_run(acts: list[tuple[Any, ...]]) -> None:
    """A day's run looks only at rows whose day has come: nothing that would be decided is missed by that."""
    history = lived(acts)
    day = history.today + timedelta(days=1)
    view = history.rows.view(GROUP)
    assert view is not None
    due = [r for r in history.rows.all(ItemRow) if r.next_step_on is not None and r.next_step_on <= day]
    if not due:
        assert decide_customer(view, day, DEFAULT_POLICY, 1) is None


def test_a_paid_item_leaves_the_ladder_and_a_reversal_brings_it_back_at_its_level() -> None:
    history = History()
    history.issue(10, 1_000)
    for _ in range(14):
        history.open_day()
    row = history.rows.all(ItemRow)[0]
    assert row.done == "J-5 J+3"
    history.settle(0, 1_000)
    assert history.rows.all(ItemRow)[0].next_step_on is None
    history.unsettle(0)
    row = history.rows.all(ItemRow)[0]
    assert (row.open_minor, row.next_step_on) == (1_000, row.due_on + timedelta(days=15))


def test_nothing_is_decided_on_late_days_and_the_first_day_on_time_catches_up_with_one_step() -> None:
    history = History()
    history.issue(10, 1_000)
    for _ in range(27):
        assert history.open_day(late=True) is None
    event = history.open_day()
    assert isinstance(event, dunning.TaskOpened)
    assert (event.step, len(event.superseded)) == ("J+15", 2)


def test_a_request_withdrawn_before_it_left_is_decided_again_the_next_day() -> None:
    history = History()
    history.issue(10, 1_000)
    for _ in range(5):
        history.open_day()
    assert isinstance(history.decided[-1][1], dunning.ReminderRequested)
    history.withdraw()
    again = history.open_day()
    assert isinstance(again, dunning.ReminderRequested)
    assert again.step == "J-5"
