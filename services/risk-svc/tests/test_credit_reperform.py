"""Decisions on credit taken again: equal by the same figures, and a changed copy is found."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from encours.contracts import Recorded
from encours.contracts.events.reservation import ReservationDecided, ReservationOverridden
from encours.contracts.events.risk import CreditChecked, LimitApproved, LimitRefused, LimitRequested
from encours.testing.events import event, received
from encours.testing.memory import TODAY
from risk_svc.domain.assessment import RULES_VERSION
from risk_svc.domain.check import CheckCredit
from risk_svc.domain.guarantee import TakeGuarantee
from risk_svc.domain.limit import ApproveLimit, RefuseLimit
from risk_svc.domain.limit_basis import limit_basis
from risk_svc.domain.picture import SeenPicture
from risk_svc.domain.policy import Authority, LacksAuthority
from risk_svc.domain.reperform import (
    DecisionAgain,
    check_again,
    decide_again,
    limit_again,
    override_again,
)
from risk_svc.domain.reservation.commands import OverrideReservation, RecheckReservation
from risk_svc.use_cases import checks, guarantees, limits, reservations
from tests.histories.credit import HEAD, MEMBER, CreditDesk

Decided = CreditChecked | ReservationDecided | ReservationOverridden


class RememberingDesk(CreditDesk):
    """A desk that keeps the figures of every position that a decision saw."""

    def __init__(self) -> None:
        super().__init__()
        self.figures: dict[tuple[str, int], SeenPicture] = {}

    async def of(self, ledger: str, customer_id: str, day: date) -> SeenPicture:
        seen = await super().of(ledger, customer_id, day)
        self.figures[customer_id, seen.position] = seen
        return seen

    def decisions(self) -> list[Recorded]:
        return [e for e in self.books.ledger.events if isinstance(e.data, Decided)]

    def again(self, e: Recorded, stored: Any = None) -> DecisionAgain:
        """Take a decision of the ledger again, or a copy of it that was changed."""
        stored, own = stored or e.data, e.data
        stream = self.books.stream(e.stream)
        before = reservations.RESERVATION.fold(each for each in stream if each.version < e.version)
        if isinstance(own, CreditChecked):
            return check_again(stored, self.figures[own.customer_id, own.seen_position], e.effective_on)
        assert isinstance(own, ReservationDecided | ReservationOverridden)
        seen = self.figures[own.customer_id, own.basis.seen_position]
        if isinstance(own, ReservationDecided):
            return decide_again(stored, before, seen, e.effective_on)
        return override_again(stored, before, lambda: Authority(), seen, e.effective_on)


@pytest.fixture(scope="module")
def desk() -> RememberingDesk:
    """Orders, checks, overrides and payments at random."""
    dice, desk = random.Random(5), RememberingDesk()
    made = []
    for n in range(40):
        customer = dice.choice((HEAD, MEMBER))
        made.append(desk.order(dice.randrange(1, 600_00), customer).reservation_id)
        order = CheckCredit(f"dec_{n:032x}", customer, dice.randrange(1, 600_00), "EUR", None)
        desk.do(checks.check_credit, order, desk)
        blocked = [each for each in made if desk.reservation(each).status == "blocked"]
        if blocked and dice.random() < 0.3:
            desk.do(reservations.override, OverrideReservation(dice.choice(blocked), "Agreed"), desk)
        if dice.random() < 0.3:
            desk.happen(received(dice.randrange(1, 300_00), payment_id=f"pay_{n:032x}", customer_id=customer))
            blocked = [each for each in made if desk.reservation(each).status == "blocked"]
            if blocked:
                desk.do(reservations.recheck, RecheckReservation(blocked[0]), desk)
    return desk


def test_every_decision_is_the_same_again(desk: RememberingDesk) -> None:
    decisions = desk.decisions()
    assert {type(e.data) for e in decisions} == {CreditChecked, ReservationDecided, ReservationOverridden}
    assert any(isinstance(e.data, ReservationDecided) and e.data.attempt > 1 for e in decisions)
    assert [desk.again(e).differences for e in decisions if desk.again(e).differences] == []


CHANGES: list[dict[str, Any]] = [
    {"decision": "accept", "reasons": ("within-limit",)},
    {"decision": "refuse", "reasons": ("on-hold",)},
    {"limit_minor": 5_000_00},
    {"score": 3},
    {"grade": "A"},
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: str(next(iter(change))))
def test_a_changed_copy_is_found_with_the_field_that_differs(
    desk: RememberingDesk, change: dict[str, Any]
) -> None:
    checked = 0
    for e in desk.decisions():
        stored = e.data
        if not isinstance(stored, CreditChecked) or all(
            getattr(stored, key) == value for key, value in change.items()
        ):
            continue
        copy = replace(stored, **change)
        changed = {key for key, value in change.items() if getattr(stored, key) != value}
        assert {each.field for each in desk.again(e, copy).differences} == changed
        checked += 1
    assert checked


def test_a_decision_by_earlier_rules_is_taken_again_by_them() -> None:
    desk = RememberingDesk()
    ends = TakeGuarantee(f"gua_{1:032x}", HEAD, "bank", 500_00, "EUR", None, TODAY, "BNP 4711", None)
    desk.do(guarantees.take_guarantee, ends)
    late = TODAY + timedelta(days=1)
    desk.order(1_200_00, deliver_on=late)
    desk.do(checks.check_credit, CheckCredit(f"dec_{1:032x}", HEAD, 1_200_00, "EUR", late), desk)
    order, checked = desk.decisions()
    assert isinstance(order.data, ReservationDecided)
    assert isinstance(checked.data, CreditChecked)
    assert order.data.decision == checked.data.decision == "refuse"
    assert order.data.basis.rules_version == checked.data.rules_version == RULES_VERSION
    exposure = replace(order.data.basis.exposure, guaranteed_minor=500_00)
    accepted: dict[str, Any] = {"decision": "accept", "reasons": ("within-limit",)}
    first = replace(order.data.basis, exposure=exposure, left_minor=1_500_00, rules_version=1)
    assert desk.again(order, replace(order.data, basis=first, **accepted)).differences == []
    once = replace(
        checked.data, exposure=exposure, rules_version=1, holder_id=None, left_minor=None, **accepted
    )
    assert desk.again(checked, once).differences == []
    today = desk.again(checked, replace(once, rules_version=RULES_VERSION)).differences
    assert {each.field for each in today} == {"decision", "exposure", "reasons", "holder_id", "left_minor"}


def test_a_changed_basis_of_an_order_is_found(desk: RememberingDesk) -> None:
    e = next(e for e in desk.decisions() if isinstance(e.data, ReservationDecided))
    assert isinstance(e.data, ReservationDecided)
    exposure = replace(e.data.basis.exposure, total_minor=1)
    copy = replace(e.data, basis=replace(e.data.basis, exposure=exposure, limit_minor=1))
    assert [each.field for each in desk.again(e, copy).differences] == ["basis.exposure", "basis.limit_minor"]


def test_a_decision_on_a_limit_keeps_the_exposure_that_it_saw_and_is_the_same_by_it() -> None:
    desk = RememberingDesk()
    desk.order(100_00)
    desk.order(20_00, MEMBER)
    good, bad = f"lim_{8:032x}", f"lim_{9:032x}"
    for each in (good, bad):
        asked = {"limit_id": each, "customer_id": HEAD, "amount_minor": 500_00, "currency": "EUR"}
        desk.happen(event(LimitRequested, **asked))
    desk.do(limits.approve_limit, ApproveLimit(good, 400_00, None, None, None), desk)
    desk.order(5_00)
    desk.do(limits.refuse_limit, RefuseLimit(bad, "No"), desk)
    seen = []
    for each in (good, bad):
        *before, e = desk.books.stream(each)
        stored = e.data
        assert isinstance(stored, LimitApproved | LimitRefused)
        assert stored.basis is not None
        position = stored.basis.seen_position
        seen.append((stored.basis.exposure.total_minor, stored.basis.limit_id, e.position - position))
        basis = limit_basis(desk.figures[HEAD, position], "EUR", e.effective_on)
        figures = (limits.LIMIT.fold(before), Authority, e.effective_on)
        assert limit_again(stored, *figures, basis).differences == []
        changed = replace(stored, basis=replace(basis, exposure=replace(basis.exposure, total_minor=1)))
        assert [each.field for each in limit_again(changed, *figures, basis).differences] == [
            "basis.exposure"
        ]
        without = replace(stored, basis=None)
        assert limit_again(without, *figures, None).differences == []
    assert seen == [(120_00, f"lim_{1:032x}", 1), (125_00, good, 1)]


def test_an_override_without_authority_gives_no_decision_again(desk: RememberingDesk) -> None:
    e = next(e for e in desk.decisions() if isinstance(e.data, ReservationOverridden))
    assert isinstance(e.data, ReservationOverridden)
    before = reservations.RESERVATION.fold(
        each for each in desk.books.stream(e.stream) if each.version < e.version
    )
    seen = desk.figures[e.data.customer_id, e.data.basis.seen_position]

    def nobody() -> Authority:
        raise LacksAuthority("The amount needs the role head of credit.", extra={"role": "head of credit"})

    found = override_again(e.data, before, nobody, seen, e.effective_on)
    assert found.recomputed is None
    assert found.problem == "The amount needs the role head of credit."
    assert "basis.exposure" in [each.field for each in found.differences]
