"""Guarantees raise what a limit allows, while they are in force."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from msgspec.structs import replace as replace_field

from encours.contracts.events.credit_policy import CreditPolicySet, HoldRules
from encours.contracts.events.sales.approval import ApprovalRule, Approver
from encours.kernel.errors import Invalid
from encours.reading.summary import summary
from encours.testing.memory import TODAY
from risk_svc.domain.guarantee import ReleaseGuarantee, TakeGuarantee
from risk_svc.domain.policy import LacksAuthority, policy_of
from risk_svc.http.guarantees.answers import GuaranteeOut
from risk_svc.use_cases import guarantees
from tests.histories.credit import HEAD, MEMBER, CreditDesk

BANK = TakeGuarantee(f"gua_{1:032x}", MEMBER, "bank", 500_00, "EUR", None, None, "BNP 4711", None)


def test_a_guarantee_for_a_member_raises_what_the_limit_of_the_group_allows() -> None:
    desk = CreditDesk()
    desk.order(900_00)
    assert desk.order(400_00).status == "blocked"
    assert desk.do(guarantees.take_guarantee, BANK) == ["guarantee.taken"]
    taken = desk.order(400_00)
    assert (taken.status, desk.total()) == ("reserved", 1_300_00)
    assert taken.basis is not None
    assert (taken.basis.left_minor, taken.basis.exposure.guaranteed_minor) == (600_00, 500_00)


def test_a_guarantee_needs_the_authority_for_its_amount() -> None:
    desk = CreditDesk()
    rules = (ApprovalRule(from_minor=400_00, currency="EUR", role="head"),)
    own = Approver(role="head", actor="key:abcd", from_on=None, until_on=None, in_place_of=None)
    named = (own, replace_field(own, actor="key:standin", in_place_of="key:abcd"))
    policy = CreditPolicySet(
        credit_policy_id=policy_of("ent_1"), entity_id="ent_1", version=1, holds=HoldRules(), authorities=rules,
        approvers=named,
    )  # fmt: skip
    desk.happen(policy)
    with pytest.raises(LacksAuthority):
        desk.do(guarantees.take_guarantee, BANK)
    below = replace(BANK, amount_minor=399_99)
    told = {
        "test": (below, None, None, "Guarantee (bank) of 399.99\u00a0EUR, BNP 4711"),
        "key:abcd": (
            BANK,
            "head",
            None,
            "Guarantee (bank) of 500.00\u00a0EUR, BNP 4711, by authority of head",
        ),
        "key:standin": (
            BANK,
            "head",
            "abcd",
            "Guarantee (bank) of 500.00\u00a0EUR, BNP 4711, by authority of head in place of key:abcd",
        ),
    }
    for number, (actor, (command, role, in_place_of, text)) in enumerate(told.items()):
        made = replace(command, guarantee_id=f"gua_{number:032x}")
        desk.books.do(guarantees.take_guarantee, made, actor=actor)
        last = desk.books.ledger.events[-1]
        shown = GuaranteeOut.of(guarantees.GUARANTEE.fold([last]), 1)
        assert (shown.taken_by, shown.role, shown.in_place_of) == (actor, role, in_place_of)
        assert summary(last.data, "en") == text


def test_a_guarantee_that_is_released_counts_no_more() -> None:
    desk = CreditDesk()
    desk.do(guarantees.take_guarantee, BANK)
    ended = ReleaseGuarantee(BANK.guarantee_id, "Replaced")
    assert desk.do(guarantees.release_guarantee, ended) == ["guarantee.released"]
    assert desk.do(guarantees.release_guarantee, ended) == []
    assert desk.seen(HEAD).picture.headroom_minor(TODAY) == 1_000_00


@pytest.mark.parametrize(("after", "status", "left"), [(9, "reserved", 500_00), (10, "blocked", 0)])
def test_a_guarantee_counts_for_what_is_delivered_until_its_last_day(
    after: int, status: str, left: int
) -> None:
    desk = CreditDesk()
    desk.order(1_000_00)
    desk.do(guarantees.take_guarantee, replace(BANK, valid_until=TODAY + timedelta(days=9)))
    decided = desk.order(400_00, deliver_on=TODAY + timedelta(days=after))
    assert decided.basis is not None
    assert (decided.status, decided.basis.left_minor) == (status, left)


def test_a_guarantee_that_ends_before_it_begins_is_refused_as_written() -> None:
    late = TakeGuarantee(
        f"gua_{2:032x}", HEAD, "bank", 1, "EUR", TODAY, TODAY - timedelta(days=1), "BNP", None
    )
    with pytest.raises(Invalid, match="before valid_from"):
        CreditDesk().do(guarantees.take_guarantee, late)
