"""Terms by the rules of a credit policy: to whom they are proposed, once, and by whom they are answered."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from encours.contracts.events.credit_policy import HoldRules
from encours.contracts.events.parties.customer import CustomerRegistered
from encours.contracts.events.parties.entity import EntityRegistered
from encours.contracts.events.risk_terms import RiskTermsProposed, RiskTermsRule
from encours.contracts.events.sales.approval import ApprovalRule, Approver
from encours.http.models import MoneyModel
from encours.kernel.errors import Invalid
from encours.ledger.command import Result
from encours.ledger.session import Session
from encours.reading.summary import summary
from encours.testing.events import event
from encours.testing.history import stream_of
from encours.testing.memory import TODAY, BooksInMemory
from risk_svc.domain.exposure import ExposureItem
from risk_svc.domain.picture import Picture, SeenPicture
from risk_svc.domain.policy import CreditPolicy, DecidesOwnRequest, LacksAuthority, SetCreditPolicy
from risk_svc.domain.score.shipped import SHIPPED
from risk_svc.domain.terms.again import ruled_again
from risk_svc.domain.terms.proposals import (
    AnswerTerms,
    ProposeTerms,
    RiskTerms,
    RiskTermsAlreadyAnswered,
    WithdrawTerms,
    evolve,
    terms_of,
)
from risk_svc.domain.terms.rules import NoTermsByRule, ProposeByRules, by_rules
from risk_svc.http.terms.answers import TermsProposals
from risk_svc.use_cases import standing
from risk_svc.use_cases.risk_terms import (
    RISK_TERMS,
    answer_terms,
    propose_by_rules,
    propose_terms,
    withdraw_terms,
)

CUSTOMER = f"cus_{1:032x}"
IN_ADVANCE = RiskTermsRule(kind="deposit", grades=("E",), share_bps=10_000)
SHORTER = RiskTermsRule(kind="shorter_delay", grades=("D", "E"), days=10)
DISCOUNT = RiskTermsRule(kind="early_discount", grades=("C",), share_bps=200, days=8, from_days_late=5)
SECURED = RiskTermsRule(
    kind="guarantee", grades=("C", "D", "E"), share_bps=5_000, above_minor=1_000_00, currency="EUR"
)
RULES = (IN_ADVANCE, SHORTER, DISCOUNT, SECURED)


def item(n: int, minor: int, late: int, *, is_open: bool) -> tuple[str, ExposureItem]:
    """An invoice that is or was so many days late."""
    due = TODAY - timedelta(days=late if is_open else 100 + n)
    settled = None if is_open else due + timedelta(days=late)
    left = minor if is_open else 0
    made = due - timedelta(days=30)
    return "EUR", ExposureItem("inv", "F", made, due, minor, left, 0, left, settled, settled or due)


def customer(kind: str, **fields: Any) -> Picture:
    """A customer that pays in time, slowly, or not for long; the newcomer has no outcome."""
    items = {
        "good": [item(n, 100_00, 0, is_open=False) for n in range(8)],
        "slow": [item(n, 100_00, 12, is_open=False) for n in range(8)],
        "late": [item(n, 300_00, 45, is_open=True) for n in range(5)],
        "lost": [item(n, 500_00, 200, is_open=True) for n in range(5)],
        "newcomer": [],
    }[kind]
    return Picture(CUSTOMER, "ent_1", "Garage", items=tuple(items), limit_holder_id=CUSTOMER, **fields)


GRADES = {"good": "A", "slow": "C", "late": "D", "lost": "E"}


def given(seen: Picture, rules: tuple[RiskTermsRule, ...] = RULES) -> list[tuple[str, Any]]:
    policy = CreditPolicy("ent_1", 3, terms=rules)
    found = by_rules(policy, SeenPicture(seen, 7, 0, behind=False), SHIPPED, TODAY)
    return [(each.kind, each.amount_minor or each.share_bps or each.days) for each in found.found]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("good", []),
        ("slow", [("early_discount", 200)]),
        ("late", [("shorter_delay", 10), ("guarantee", 750_00)]),
        ("lost", [("deposit", 10_000), ("shorter_delay", 10), ("guarantee", 1_250_00)]),
        ("newcomer", []),
    ],
)
def test_the_rules_of_the_grade_propose(kind: str, expected: list[tuple[str, int]]) -> None:
    assert given(customer(kind)) == expected


def test_a_rule_asks_for_its_conditions_besides_the_grade() -> None:
    assert given(customer("slow", insolvent=True)) == [], "a discount is for those who can pay"
    late = RiskTermsRule(kind="early_discount", grades=("C",), share_bps=200, days=8, from_days_late=40)
    assert given(customer("slow"), (late,)) == []
    assert ("guarantee", 500_00) in given(customer("late", guaranteed={"EUR": 499_99}), (SECURED,))
    assert given(customer("late", guaranteed={"EUR": 500_00}), (SECURED,)) == []
    everyone = RiskTermsRule(kind="deposit", grades=("E", "D"), share_bps=3_000)
    assert given(customer("lost"), (IN_ADVANCE, everyone)) == [("deposit", 10_000)], "the first rule counts"


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "deposit", "days": 3},
        {"kind": "early_discount", "share_bps": 200},
        {"kind": "guarantee", "share_bps": 200, "days": 3},
        {"kind": "shorter_delay"},
    ],
    ids=str,
)
def test_a_rule_has_the_values_of_its_kind(wrong: dict[str, Any]) -> None:
    rule = RiskTermsRule(grades=("E",), **wrong)
    with pytest.raises(Invalid) as refused:
        Desk().books.do(standing.set_policy, SetCreditPolicy("ent_1", HoldRules(), (), (), terms=(rule,)))
    assert refused.value.errors[0].pointer.startswith("/terms/0/")


class Desk:
    """A customer whose figures change, under a policy in which a clerk and a head of credit answer."""

    def __init__(self) -> None:
        self.books, self.kind = BooksInMemory(), "lost"
        for made in (
            event(EntityRegistered, entity_id="ent_1"),
            event(CustomerRegistered, customer_id=CUSTOMER),
        ):
            self.books.do(_record, made)

    def policy(self, *rules: RiskTermsRule) -> None:
        roles = (
            ApprovalRule(from_minor=0, currency="EUR", role="clerk"),
            ApprovalRule(from_minor=2_000_00, currency="EUR", role="head"),
        )
        people = tuple(
            Approver(role=each, actor=f"key:{each}", from_on=None, until_on=None, in_place_of=None)
            for each in ("clerk", "head")
        )
        self.books.do(standing.set_policy, SetCreditPolicy("ent_1", HoldRules(), roles, people, terms=rules))

    async def of(self, ledger: str, customer_id: str, day: date) -> SeenPicture:
        return SeenPicture(customer(self.kind), 7, 0, behind=False)

    def look(self) -> list[str]:
        before = len(self.books.ledger.events)
        self.books.do(propose_by_rules, ProposeByRules(CUSTOMER), self)
        return self.books.kinds(before)

    def states(self) -> list[tuple[str, str]]:
        found = self.books.state(RISK_TERMS, terms_of(CUSTOMER)).proposals
        return [(each.proposed.kind, each.state) for each in found]


async def _record(session: Session, each: Any) -> Result:
    session.begin(stream_of(each))
    session.emit(stream_of(each), each, entity="ent_1")
    return session.result(stream_of(each))


def test_a_rule_proposes_once_and_withdraws_what_it_no_longer_gives() -> None:
    desk = Desk()
    desk.policy(IN_ADVANCE, SHORTER)
    assert desk.look() == ["risk_terms.proposed"] * 2
    with pytest.raises(NoTermsByRule):
        desk.look()
    desk.books.do(answer_terms, AnswerTerms(CUSTOMER, 2, False, "Too short"), actor="key:head")
    desk.kind = "slow"
    assert desk.look() == ["risk_terms.withdrawn"]
    assert desk.states() == [("deposit", "withdrawn"), ("shorter_delay", "declined")]
    desk.kind = "late"
    assert desk.look() == ["risk_terms.proposed"], "it was declined in grade E, and the grade is D now"
    desk.kind = "lost"
    assert desk.look() == ["risk_terms.proposed"]
    assert desk.states()[2:] == [("shorter_delay", "proposed"), ("deposit", "proposed")]


def test_the_role_of_the_exposure_answers_and_nobody_an_own_proposal() -> None:
    desk = Desk()
    desk.policy(IN_ADVANCE)
    desk.look()
    accepted = AnswerTerms(CUSTOMER, 1, True, "Agreed by phone")
    with pytest.raises(LacksAuthority):
        desk.books.do(answer_terms, accepted, actor="key:clerk")
    desk.books.do(answer_terms, accepted, actor="key:head")
    own = ProposeTerms(CUSTOMER, "shorter_delay", None, 5, None, None, "Cheque returned")
    desk.books.do(propose_terms, own, desk, actor="key:clerk")
    with pytest.raises(DecidesOwnRequest):
        desk.books.do(answer_terms, AnswerTerms(CUSTOMER, 2, True, "Agreed"), actor="key:clerk")
    with pytest.raises(LacksAuthority):
        desk.books.do(withdraw_terms, WithdrawTerms(CUSTOMER, 1, "Pays again"), actor="key:clerk")
    desk.books.do(withdraw_terms, WithdrawTerms(CUSTOMER, 1, "Pays again"), actor="key:head")
    with pytest.raises(RiskTermsAlreadyAnswered):
        desk.books.do(answer_terms, accepted, actor="key:head")
    first = desk.books.state(RISK_TERMS, terms_of(CUSTOMER)).proposals[0]
    assert (first.answer.role, first.withdrawal.accepted) == ("head", True)


def test_a_proposal_by_rule_is_the_same_again_and_a_changed_copy_is_found() -> None:
    desk = Desk()
    desk.policy(*RULES)
    desk.look()
    policy = desk.books.state(standing.CREDIT_POLICY, "crp_1")
    again = by_rules(policy, SeenPicture(customer("lost"), 7, 0, behind=False), SHIPPED, TODAY)
    better = by_rules(policy, SeenPicture(customer("slow"), 7, 0, behind=False), SHIPPED, TODAY)
    state = RiskTerms()
    for e in desk.books.stream(terms_of(CUSTOMER)):
        assert isinstance(e.data, RiskTermsProposed)
        assert ruled_again(e.data, state, again).differences == []
        assert ruled_again(e.data, state, better).problem == "The rule gives no terms."
        state = evolve(state, e)
    assert len(state.proposals) == 3


def test_the_reasons_of_a_rule_are_said_in_both_languages_with_their_figures() -> None:
    desk = Desk()
    desk.policy(SECURED)
    desk.look()
    [e] = desk.books.stream(terms_of(CUSTOMER))
    [shown] = TermsProposals.of(desk.books.state(RISK_TERMS, terms_of(CUSTOMER))).data
    assert [each.code for each in shown.reasons] == ["terms-by-rule", "not-secured"]
    assert shown.reasons[1].values["unsecured"] == MoneyModel(amount="2500.00", currency="EUR")
    assert summary(e.data, "fr").endswith(" ".join(each.fr for each in shown.reasons))
    assert "au-delà de 1\u202f000,00" in shown.reasons[1].fr
