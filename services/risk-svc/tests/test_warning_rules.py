"""Rules of early warnings against a count by hand on random customers; episodes begin, are seen and end once."""

from __future__ import annotations

import os
import random
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from msgspec import structs

from encours.contracts.events.credit_warning import (
    ConcentrationRule,
    CreditWarningEnded,
    CreditWarningRaised,
    DisputesRule,
    DriftRule,
    PartialRule,
    PromisesRule,
    WarningFigure,
    WarningRules,
)
from encours.contracts.events.parties.customer import CustomerRegistered
from encours.contracts.events.parties.entity import EntityRegistered
from encours.kernel.errors import Invalid
from encours.kernel.ids import derived_id
from encours.ledger.command import Result
from encours.ledger.session import Session
from encours.testing.events import event
from encours.testing.history import stream_of
from encours.testing.memory import TODAY, BooksInMemory
from risk_svc.domain.score.history import InvoiceOutcome
from risk_svc.domain.warning.episode import (
    AcknowledgeWarning,
    CreditWarningNotFound,
    EndWarning,
    RaiseWarning,
    SetWarningRules,
    WarningAlreadyAcknowledged,
    rules_of,
    warning_of,
)
from risk_svc.domain.warning.rules import (
    SHIPPED,
    BrokenPromise,
    OpenShare,
    WarnedCustomer,
    WarnedInvoice,
    WarningEvidence,
    evaluate,
    months_before,
)
from risk_svc.http.warnings.bodies import WarningRulesBody
from risk_svc.use_cases.warnings import commands

CUSTOMER = f"cus_{1:032x}"
ENTITY = f"ent_{1:032x}"
CUSTOMERS = 3_000 if "DEEP" in os.environ else 300
RULES = WarningRules(
    slowing_payments=None,
    partial_payments=PartialRule(days=60, before_days=120, least_invoices=2, rise_bps=2_000),
    broken_promises=PromisesRule(days=60, broken=2),
    disputes_at_due=DisputesRule(days=120, before_due=5, after_due=20, disputed=2, share_bps=3_000),
    limit_drift=DriftRule(months=2, usage_bps=6_000, rise_bps=1_000),
    concentration=ConcentrationRule(share_bps=2_500, least_debtors=3),
)


def days_ago(draw: random.Random, most: int = 200) -> date:
    return TODAY - timedelta(days=draw.randrange(-20, most))


def customer(draw: random.Random) -> WarnedCustomer:
    invoices = []
    for number in range(draw.randrange(12)):
        due_on = days_ago(draw)
        paid = draw.random() < 0.6
        disputes = ((due_on + timedelta(days=draw.randrange(-15, 40)), 100 + number),)
        invoices.append(
            WarnedInvoice(
                f"inv_{number}",
                due_on,
                InvoiceOutcome(due_on.toordinal() - 30, due_on.toordinal(), None),
                days_ago(draw) if paid else None,
                paid and draw.random() < 0.4,
                disputes if draw.random() < 0.4 else (),
            )
        )
    return WarnedCustomer(
        CUSTOMER,
        tuple(invoices),
        tuple(BrokenPromise(days_ago(draw, 130), 500 + n) for n in range(draw.randrange(4))),
        tuple(draw.choice([None, *[draw.randrange(12_000)] * 9]) for _ in range(draw.randrange(5))),
        tuple(
            OpenShare(code, draw.randrange(1, 40), 100, draw.randrange(1, 6))
            for code in draw.sample(["EUR", "USD"], draw.randrange(3))
        ),
    )


def by_hand(seen: WarnedCustomer) -> dict[str, Any]:
    """Kinds whose rule holds, each with a figure of its evidence."""
    found: dict[str, Any] = {}
    counts = {"new": [0, 0], "old": [0, 0]}
    for each in seen.invoices:
        if each.first_money_on is not None:
            age = (TODAY - each.first_money_on).days
            span = "new" if 0 <= age < 60 else "old" if 60 <= age < 180 else None
            if span:
                counts[span][0] += 1
                counts[span][1] += each.in_parts
    (new, parts), (old, parts_before) = counts["new"], counts["old"]
    if parts >= 2 and old and parts * 10_000 // new - parts_before * 10_000 // old >= 2_000:
        found["partial_payments"] = parts * 10_000 // new
    broken = [each for each in seen.broken if 0 <= (TODAY - each.promised_on).days < 60]
    if len(broken) >= 2:
        found["broken_promises"] = len(broken)
    due = [each for each in seen.invoices if 0 <= (TODAY - each.due_on).days < 120]
    hit = [each for each in due if each.disputes and -5 <= (each.disputes[0][0] - each.due_on).days <= 20]
    if len(hit) >= 2 and len(hit) * 10_000 // len(due) >= 3_000:
        found["disputes_at_due"] = len(hit) * 10_000 // len(due)
    last = [each for each in seen.usage_bps[-3:] if each is not None]
    if len(last) == 3 and last == sorted(set(last)) and last[2] >= 6_000 and last[2] - last[0] >= 1_000:
        found["limit_drift"] = last[2]
    shares = [each.own_minor * 100 for each in seen.shares if each.debtors >= 3 and each.own_minor >= 25]
    if shares:
        found["concentration"] = max(shares)
    return found


def test_each_rule_holds_as_counted_by_hand() -> None:
    draw, held = random.Random(20260630), dict.fromkeys(("no",), 0)
    for _ in range(CUSTOMERS):
        seen = customer(draw)
        found = evaluate(seen, RULES, TODAY)
        assert {kind: evidence.figures[0].after for kind, evidence in found.items()} == by_hand(seen)
        for kind in found or ("no",):
            held[kind] = held.get(kind, 0) + 1
    assert min(held.values()) > CUSTOMERS // 100
    assert len(held) == 6


def test_the_evidence_names_invoices_and_events() -> None:
    due = TODAY - timedelta(days=10)
    invoices = tuple(WarnedInvoice(f"inv_{n}", due, None, None, False, ((due, 70 + n),)) for n in range(3))
    found = evaluate(WarnedCustomer(CUSTOMER, invoices), SHIPPED, TODAY)["disputes_at_due"]
    assert (found.invoices, found.events) == (("inv_0", "inv_1", "inv_2"), (70, 71, 72))
    assert (
        evaluate(
            WarnedCustomer(CUSTOMER, invoices),
            WarningRules(**dict.fromkeys(WarningRules.__struct_fields__)),
            TODAY,
        )
        == {}
    )


def test_months_end_with_the_month() -> None:
    assert months_before(date(2026, 3, 31), 2) == [date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31)]
    assert months_before(date(2026, 1, 15), 1) == [date(2025, 12, 15), date(2026, 1, 15)]


async def _register(session: Session, each: CustomerRegistered | EntityRegistered) -> Result:
    session.begin(stream_of(each))
    session.emit(stream_of(each), each, entity=ENTITY)
    return session.result(stream_of(each))


@pytest.fixture
def books() -> BooksInMemory:
    books = BooksInMemory()
    books.do(_register, event(EntityRegistered, entity_id=ENTITY))
    books.do(_register, event(CustomerRegistered, customer_id=CUSTOMER))
    return books


def raising(number: int = 1) -> RaiseWarning:
    evidence = WarningEvidence((WarningFigure(name="broken_promises", before=0, after=2),), events=(4, 5))
    return RaiseWarning(CUSTOMER, "broken_promises", number, TODAY, 9, 0, evidence)


def test_an_episode_begins_and_ends_once_and_the_next_is_another_warning(books: BooksInMemory) -> None:
    first, second = (warning_of(CUSTOMER, "broken_promises", n) for n in (1, 2))
    for _ in range(2):
        books.do(commands.raise_warning, raising(), ENTITY)
    for _ in range(2):
        books.do(commands.end_warning, EndWarning(first, 12))
    books.do(commands.raise_warning, raising(), ENTITY)
    books.do(commands.raise_warning, raising(2), ENTITY)
    assert [type(each.data) for each in books.stream(first)] == [CreditWarningRaised, CreditWarningEnded]
    states = [books.state(commands.CREDIT_WARNING, each).state for each in (first, second)]
    assert states == ["ended", "raised"]


def test_one_person_acknowledges_a_warning_with_one_note(books: BooksInMemory) -> None:
    books.do(commands.raise_warning, raising(), ENTITY)
    warning = warning_of(CUSTOMER, "broken_promises", 1)
    seen = AcknowledgeWarning(warning, "Called")
    for _ in range(2):
        books.do(commands.acknowledge, seen, actor="key:desk")
    for other, actor in ((seen, "key:other"), (replace(seen, text="Wrote"), "key:desk")):
        with pytest.raises(WarningAlreadyAcknowledged):
            books.do(commands.acknowledge, other, actor=actor)
    with pytest.raises(CreditWarningNotFound):
        books.do(commands.acknowledge, AcknowledgeWarning(derived_id("wrn", "none"), "Called"))
    state = books.state(commands.CREDIT_WARNING, warning)
    assert (state.state, state.acknowledged_by, state.note) == ("acknowledged", "key:desk", "Called")
    assert len(books.stream(warning)) == 2


def test_rules_are_set_once_and_a_higher_end_than_begin_is_refused(books: BooksInMemory) -> None:
    for _ in range(2):
        books.do(commands.set_rules, SetWarningRules(ENTITY, RULES))
    assert books.state(commands.WARNING_RULES, rules_of(ENTITY)).rules == RULES
    assert len(books.stream(rules_of(ENTITY))) == 1
    assert SHIPPED.slowing_payments is not None
    slowing = structs.replace(SHIPPED.slowing_payments, keep_tenths=99)
    wrong = structs.replace(SHIPPED, slowing_payments=slowing)
    with pytest.raises(Invalid, match="keep_tenths"):
        books.do(commands.set_rules, SetWarningRules(ENTITY, wrong))


def test_rules_that_a_request_leaves_out_are_those_that_are_shipped_and_no_default_of_its_clients() -> None:
    """A client that is generated from the document cannot write an object as a default."""
    assert WarningRulesBody().to_command(ENTITY).rules == SHIPPED
    properties = WarningRulesBody.model_json_schema()["properties"]
    assert [name for name, schema in properties.items() if "default" in schema] == []
