"""Holds, badges, and the roles that decide by amount."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from msgspec.structs import asdict

from encours.contracts.common import Reason
from encours.contracts.events.credit_policy import HoldRules
from encours.contracts.events.parties.customer import CustomerMerged
from encours.contracts.events.parties.entity import EntityRegistered
from encours.contracts.events.reservation import ReservationReleased
from encours.contracts.events.risk import LimitRequested
from encours.contracts.events.sales.approval import ApprovalRule, Approver
from encours.kernel.errors import Invalid
from encours.testing.events import event, issued
from encours.testing.memory import TODAY
from risk_svc.domain.badge import GiveBadge, RemoveBadge
from risk_svc.domain.hold import PlaceCreditHold, ReleaseCreditHold
from risk_svc.domain.hold_rules import causes_of, earns_badge
from risk_svc.domain.limit import ApproveLimit, LimitRequestLapsed, RefuseLimit
from risk_svc.domain.policy import (
    Authority,
    CreditPolicy,
    DecidesOwnRequest,
    LacksAuthority,
    SetCreditPolicy,
    authority,
)
from risk_svc.domain.reservation.commands import (
    ConsumeReservation,
    DeliverReservation,
    OverrideReservation,
    ReleaseReservation,
    ReserveCredit,
)
from risk_svc.http.limits.answers import LimitRequestOut
from risk_svc.http.reservations.answers import ReservationItem, ReservationOut
from risk_svc.read_models.credit.rows import ReservationRow
from risk_svc.read_models.credit.standing import CreditStanding
from risk_svc.use_cases import limits, reservations, standing
from risk_svc.use_cases.policy_holds import hold_of
from tests.histories.credit import HEAD, MEMBER, CreditDesk

ENTITY = f"ent_{1:032x}"
CLERK, HEAD_OF_CREDIT, STAND_IN = (f"key:{name}" for name in ("clerk", "head", "standin"))


def approver(role: str, actor: str, **more: Any) -> Approver:
    fields: dict[str, Any] = {"from_on": None, "until_on": None, "in_place_of": None}
    return Approver(role=role, actor=actor, **(fields | more))


RULES = (
    ApprovalRule(from_minor=0, currency="EUR", role="clerk"),
    ApprovalRule(from_minor=10_000_00, currency="EUR", role="head"),
)
APPROVERS = (
    approver("clerk", CLERK),
    approver("head", HEAD_OF_CREDIT),
    approver("head", STAND_IN, from_on=TODAY, until_on=TODAY, in_place_of=HEAD_OF_CREDIT),
)
ASKED = ReserveCredit(f"rsv_{1:032x}", HEAD, "WEB-1", 100_00, "EUR", None, None)
STOP = Reason.of("cover-withdrawn", contract="C26")
POLICY = CreditPolicy(ENTITY, 1, HoldRules(), RULES, APPROVERS)


def by(actor: str, amount_minor: int, day: date = TODAY, currency: str = "EUR", **more: Any) -> Authority:
    asked_by = more.get("asked_by", "key:sales")
    return authority(POLICY, amount_minor, currency, actor=actor, asked_by=asked_by, day=day)


def test_the_amount_names_the_role_that_decides() -> None:
    assert by(CLERK, 9_999_99).role == "clerk"
    assert by(HEAD_OF_CREDIT, 10_000_00).role == "head"
    with pytest.raises(LacksAuthority, match="needs the role head"):
        by(CLERK, 10_000_00)
    with pytest.raises(LacksAuthority):
        by(CLERK, 1, currency="USD")


def test_a_substitute_decides_on_its_days_alone_and_is_named() -> None:
    assert by(STAND_IN, 20_000_00) == Authority("head", HEAD_OF_CREDIT)
    with pytest.raises(LacksAuthority):
        by(STAND_IN, 20_000_00, TODAY + timedelta(days=1))


def test_nobody_decides_on_an_own_request_once_there_are_rules() -> None:
    with pytest.raises(DecidesOwnRequest):
        by(CLERK, 1, asked_by=CLERK)
    free = authority(CreditPolicy(), 1, "EUR", actor=CLERK, asked_by=CLERK, day=TODAY)
    assert free == Authority()


def desk_with_policy() -> CreditDesk:
    desk = CreditDesk()
    desk.happen(event(EntityRegistered, entity_id="ent_1"))
    rules = SetCreditPolicy("ent_1", HoldRules(days_past_due=30), RULES, APPROVERS)
    assert desk.do(standing.set_policy, rules) == ["credit_policy.set"]
    assert desk.do(standing.set_policy, rules) == []
    return desk


def test_a_limit_is_approved_and_refused_by_the_role_of_its_amount() -> None:
    desk = desk_with_policy()
    for n in (8, 9):
        asked = {"limit_id": f"lim_{n:032x}", "customer_id": HEAD, "amount_minor": 10_000_00}
        desk.happen(event(LimitRequested, currency="EUR", valid_from=TODAY + timedelta(days=9), **asked))
    approved, refused = (f"lim_{n:032x}" for n in (8, 9))
    given = ApproveLimit(approved, None, None, None, None, "Deposit of 30 %")
    with pytest.raises(LacksAuthority):
        desk.books.do(limits.approve_limit, given, desk, actor=CLERK)
    desk.books.do(limits.approve_limit, given, desk, actor=HEAD_OF_CREDIT)
    found = desk.books.state(limits.LIMIT, approved)
    assert (found.role, found.conditions, found.valid_from) == (
        "head",
        "Deposit of 30 %",
        TODAY + timedelta(days=9),
    )
    with pytest.raises(LacksAuthority):
        desk.books.do(limits.refuse_limit, RefuseLimit(refused, "No"), desk, actor=CLERK)
    desk.books.do(limits.refuse_limit, RefuseLimit(refused, "No"), desk, actor=STAND_IN)
    substitutes = [
        LimitRequestOut.of(desk.books.state(limits.LIMIT, each), 2) for each in (approved, refused)
    ]
    assert [each.in_place_of for each in substitutes] == [None, HEAD_OF_CREDIT.removeprefix("key:")]


def test_a_limit_that_has_ended_is_not_approved_and_leaves_the_one_in_force() -> None:
    desk = CreditDesk()
    asked = {"limit_id": f"lim_{9:032x}", "customer_id": HEAD, "amount_minor": 5_000_00, "currency": "EUR"}
    desk.happen(event(LimitRequested, valid_until=TODAY, **asked))
    desk.today = TODAY + timedelta(days=1)
    with pytest.raises(LimitRequestLapsed):
        desk.do(limits.approve_limit, ApproveLimit(f"lim_{9:032x}", None, None, None, None), desk)
    assert desk.order(1_000_00).decision == "accept"


def test_a_blocked_order_is_accepted_by_the_role_of_its_amount() -> None:
    desk = desk_with_policy()
    order = desk.order(20_000_00)
    blocked = order.reservation_id
    desk.total()
    listed = ReservationItem.of(asdict(desk.all(ReservationRow)[0])).reasons
    assert listed == ReservationOut.of(order, 1).reasons, "with figures and sentences, in the list too"
    assert "commande : 20\u202f000,00" in listed[-1].fr
    accepted = OverrideReservation(blocked, "Bank guarantee follows")
    with pytest.raises(LacksAuthority):
        desk.books.do(reservations.override, accepted, desk, actor=CLERK)
    desk.books.do(reservations.override, accepted, desk, actor=STAND_IN)
    found = desk.reservation(blocked)
    assert (found.status, found.role, found.overridden_by) == ("reserved", "head", STAND_IN)
    shown = ReservationOut.of(found, 2)
    assert (shown.role, shown.in_place_of) == ("head", HEAD_OF_CREDIT.removeprefix("key:"))
    assert desk.total() == 20_000_00


def test_a_blocked_order_is_closed_by_the_role_that_could_accept_it_and_a_reservation_by_anybody() -> None:
    desk = desk_with_policy()
    blocked, made = desk.order(20_000_00).reservation_id, desk.order(100_00).reservation_id
    closed = ReleaseReservation(blocked, "Cancelled by the customer")
    for refused, actor in ((closed, CLERK), (replace(closed, may_approve=False), HEAD_OF_CREDIT)):
        with pytest.raises(LacksAuthority) as lacking:
            desk.books.do(reservations.release, refused, actor=actor)
        assert lacking.value.status == 403
    assert desk.reservation(blocked).status == "blocked"
    desk.books.do(reservations.release, closed, actor=STAND_IN)
    ended = desk.books.ledger.events[-1].data
    assert isinstance(ended, ReservationReleased)
    assert (ended.role, ended.in_place_of) == ("head", HEAD_OF_CREDIT)
    desk.books.do(reservations.release, ReleaseReservation(made, None, may_approve=False), actor=CLERK)
    assert [desk.reservation(each).status for each in (blocked, made)] == ["released"] * 2


def test_who_asked_for_an_order_may_close_it() -> None:
    desk = desk_with_policy()
    desk.books.do(reservations.reserve, replace(ASKED, amount_minor=9_000_00), desk, actor=CLERK)
    accepted = OverrideReservation(ASKED.reservation_id, "Known for years")
    with pytest.raises(DecidesOwnRequest):
        desk.books.do(reservations.override, accepted, desk, actor=CLERK)
    desk.books.do(reservations.release, ReleaseReservation(ASKED.reservation_id, "Not wanted"), actor=CLERK)
    assert desk.reservation(ASKED.reservation_id).status == "released"


def test_a_role_without_an_approver_is_refused_as_written() -> None:
    with pytest.raises(Invalid, match="head has no approver"):
        desk_with_policy().do(
            standing.set_policy, SetCreditPolicy("ent_1", HoldRules(), RULES, APPROVERS[:1])
        )


def test_orders_of_a_customer_on_hold_are_refused_and_delivered_goods_are_billed() -> None:
    desk = CreditDesk()
    made = desk.order(100_00).reservation_id
    desk.consume(DeliverReservation(made, "BL-1", None, None))
    hold = PlaceCreditHold(f"chd_{1:032x}", HEAD, "by_hand", None, "Cheque returned unpaid")
    assert desk.do(standing.place_hold, hold) == ["credit_hold.placed"]
    assert desk.do(standing.place_hold, hold) == []
    held = desk.order(1_00)
    assert (held.decision, held.reasons) == ("refuse", ("on-hold",))
    assert held.basis is not None
    assert held.basis.holds == (hold.credit_hold_id,)
    desk.happen(issued(100_00, invoice_id=f"inv_{1:032x}", customer_id=HEAD))
    billed = ConsumeReservation(made, f"inv_{1:032x}", None, None, None)
    assert desk.consume(billed)[-1] == "reservation.consumed"
    ended = ReleaseCreditHold(hold.credit_hold_id, "by_hand", "Paid")
    assert desk.do(standing.release_hold, ended) == ["credit_hold.released"]
    assert desk.do(standing.release_hold, ended) == []
    assert desk.order(1_00).decision == "accept"


def test_a_hold_that_ends_in_the_past_is_refused_as_written() -> None:
    late = PlaceCreditHold(f"chd_{1:032x}", HEAD, "by_hand", TODAY - timedelta(days=1), "No")
    with pytest.raises(Invalid):
        CreditDesk().do(standing.place_hold, late)


def test_the_badge_is_given_once_and_removed_once() -> None:
    desk = CreditDesk()
    give, remove = GiveBadge(HEAD, "Three returned cheques"), RemoveBadge(HEAD, "Paid in advance since")
    assert desk.do(standing.remove_badge, remove) == []
    assert desk.do(standing.give_badge, give) == ["payer_badge.given"]
    assert desk.do(standing.give_badge, give) == []
    assert desk.do(standing.remove_badge, remove) == ["payer_badge.removed"]


def test_the_badge_of_a_merged_record_is_removed_at_that_record() -> None:
    desk = CreditDesk()
    desk.do(standing.give_badge, GiveBadge(MEMBER, "Three returned cheques"))
    desk.happen(event(CustomerMerged, customer_id=MEMBER, into_id=HEAD))
    assert desk.do(standing.remove_badge, RemoveBadge(MEMBER, "Paid")) == ["payer_badge.removed"]


@pytest.mark.parametrize(
    ("days", "insolvent", "step", "causes"),
    [
        (30, False, None, set()),
        (31, False, None, {"days_past_due"}),
        (1, False, "J+30", {"dunning_step"}),
        (0, False, "J+30", set()),
        (1, False, "J+3", set()),
        (0, True, None, {"insolvency"}),
        (99, True, "J+30", {"days_past_due", "dunning_step", "insolvency"}),
    ],
)
def test_the_policy_holds_for_its_causes(
    days: int, insolvent: bool, step: str | None, causes: set[str]
) -> None:
    rules = HoldRules(days_past_due=30, dunning_steps=("J+30",), insolvency=True, badge_days_past_due=60)
    assert set(causes_of(rules, days_late=days, insolvent=insolvent, step=step)) == causes
    assert causes_of(HoldRules(), days_late=days, insolvent=insolvent, step=step) == {}
    assert earns_badge(rules, days) is (days > 60)


def test_a_stop_of_cover_and_broken_promises_hold_where_the_policy_says_so() -> None:
    rules = HoldRules(cover_stopped=True, broken_promises=2)
    seen: dict[str, Any] = {"insolvent": False, "step": None, "cover_stop": STOP, "broken_promises": 2}
    assert causes_of(rules, days_late=1, **seen) == {
        "cover_stopped": STOP,
        "broken_promises": Reason.of("promises-broken", broken=2),
    }
    assert set(causes_of(rules, days_late=0, **seen)) == {"cover_stopped"}
    assert causes_of(rules, days_late=1, **(seen | {"cover_stop": None, "broken_promises": 1})) == {}
    assert causes_of(HoldRules(), days_late=1, **seen) == {}


def test_a_step_counts_if_it_was_taken_in_the_delay_that_lasts() -> None:
    def seen(stepped_on: date | None) -> CreditStanding:
        return CreditStanding("cus_1", 10, False, "J+3" if stepped_on else None, stepped_on, {})

    assert seen(TODAY - timedelta(days=10)).step(TODAY) == "J+3"
    assert seen(TODAY - timedelta(days=11)).step(TODAY) is None
    assert seen(None).step(TODAY) is None


def test_two_late_days_hold_once_and_a_day_after_the_release_again() -> None:
    desk = CreditDesk()
    seen = CreditStanding(HEAD, 50, False, None, None, {})

    def place(standing_seen: CreditStanding) -> list[str]:
        hold_id = hold_of("main", standing_seen, "days_past_due")
        placed = PlaceCreditHold(hold_id, HEAD, "days_past_due", None, "Late", 1)
        return desk.do(standing.place_hold, placed)

    assert place(seen) == ["credit_hold.placed"]
    assert place(seen) == [], "figures that lack the hold"
    ended = ReleaseCreditHold(hold_of("main", seen, "days_past_due"), "by_hand", "Paid on Monday")
    desk.do(standing.release_hold, ended)
    assert place(replace(seen, ended={"days_past_due": 1})) == ["credit_hold.placed"]
