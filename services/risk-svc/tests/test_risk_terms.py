"""Terms proposed because of the risk of a customer: one value by kind, one answer, and the effect."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from encours.contracts import Event
from encours.contracts.events.credit_policy import HoldRules
from encours.contracts.events.parties.customer import CustomerRegistered
from encours.contracts.events.parties.entity import EntityRegistered
from encours.contracts.events.risk_terms import RiskTermsAnswered, RiskTermsProposed
from encours.kernel.errors import Invalid
from encours.ledger.command import Result
from encours.ledger.session import Session
from encours.reading.moment import PositionNotReached
from encours.testing.events import event
from encours.testing.history import stream_of
from encours.testing.memory import TODAY, BooksInMemory
from risk_svc.domain.guarantee import TakeGuarantee
from risk_svc.domain.picture import Picture, SeenPicture
from risk_svc.domain.policy import SetCreditPolicy
from risk_svc.domain.proposal.review import guarantee_causes
from risk_svc.domain.score.history import InvoiceOutcome
from risk_svc.domain.terms.proposals import (
    AnswerTerms,
    ProposeTerms,
    Punctuality,
    RiskTermsAlreadyAnswered,
    RiskTermsNotFound,
    WithdrawTerms,
    punctuality,
    terms_of,
)
from risk_svc.domain.terms.required import RequiredGuarantee, required
from risk_svc.use_cases.guarantees import GUARANTEE, take_guarantee
from risk_svc.use_cases.risk_terms import RISK_TERMS, answer_terms, propose_terms, withdraw_terms
from risk_svc.use_cases.standing import set_policy

CUSTOMER = f"cus_{1:032x}"


class Figures:
    """Figures of a customer without invoices."""

    def __init__(self, *, behind: bool = False) -> None:
        self.behind = behind

    async def of(self, ledger: str, customer_id: str, day: date) -> SeenPicture:
        return SeenPicture(Picture(customer_id, "ent_1", "Garage"), 7, 0, behind=self.behind)


async def _append(session: Session, happened: Event) -> Result:
    session.begin(stream_of(happened))
    session.emit(stream_of(happened), happened, entity="ent_1")
    return session.result(stream_of(happened))


@pytest.fixture
def books() -> BooksInMemory:
    books = BooksInMemory()
    books.do(_append, event(CustomerRegistered, customer_id=CUSTOMER))
    return books


def terms(**fields: Any) -> ProposeTerms:
    usual: dict[str, Any] = {
        "kind": "deposit", "share_bps": None, "days": None, "amount_minor": None, "currency": None, "text": "Grade D",
    }  # fmt: skip
    return ProposeTerms(CUSTOMER, **(usual | fields))


def test_terms_are_proposed_with_the_figures_of_then_and_answered_once(books: BooksInMemory) -> None:
    books.do(propose_terms, terms(share_bps=3_000), Figures())
    books.do(propose_terms, terms(kind="shorter_delay", days=15), Figures())
    books.do(answer_terms, AnswerTerms(CUSTOMER, 2, True, "Agreed"))
    books.do(answer_terms, AnswerTerms(CUSTOMER, 2, True, "Agreed again"))
    with pytest.raises(RiskTermsAlreadyAnswered):
        books.do(answer_terms, AnswerTerms(CUSTOMER, 2, False, "No"))
    with pytest.raises(RiskTermsNotFound, match=r"^There is no risk terms 3 in this ledger\.$"):
        books.do(answer_terms, AnswerTerms(CUSTOMER, 3, True, "Agreed"))
    first, second = books.state(RISK_TERMS, terms_of(CUSTOMER)).proposals
    assert (first.answer, second.answered_on, second.answer.accepted) == (None, TODAY, True)
    assert (first.proposed.proposal_number, second.proposed.proposal_number) == (1, 2)
    assert (first.proposed.figures.grade, first.proposed.figures.seen_position) == ("B", 7)
    assert [type(e.data) for e in books.stream(terms_of(CUSTOMER))] == [
        RiskTermsProposed,
        RiskTermsProposed,
        RiskTermsAnswered,
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "deposit"},
        {"kind": "deposit", "share_bps": 3_000, "days": 3},
        {"kind": "shorter_delay", "share_bps": 3_000},
        {"kind": "guarantee", "days": 3},
        {"kind": "earlier_dunning", "amount_minor": 3, "currency": "EUR"},
    ],
    ids=lambda wrong: str(wrong),
)
def test_each_kind_has_its_one_value(books: BooksInMemory, wrong: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        books.do(propose_terms, terms(**wrong), Figures())


def test_no_terms_are_proposed_by_figures_that_are_behind(books: BooksInMemory) -> None:
    with pytest.raises(PositionNotReached):
        books.do(propose_terms, terms(share_bps=3_000), Figures(behind=True))


def test_the_effect_counts_settled_and_late_invoices() -> None:
    today = TODAY.toordinal()
    history = [
        InvoiceOutcome(today - 90, today - 60, today - 50),
        InvoiceOutcome(today - 80, today - 50, today - 55),
        InvoiceOutcome(today - 60, today - 20, None),
        InvoiceOutcome(today - 10, today + 20, None),
    ]
    assert punctuality(history, TODAY) == Punctuality(3, 2, 100)
    assert punctuality(history[3:], TODAY) == Punctuality(0, 0, None)
    assert punctuality(history, TODAY + timedelta(days=30)).late == 3


def test_an_accepted_guarantee_is_required_until_it_is_obtained(books: BooksInMemory) -> None:
    """A guarantee of before does not count, nor one in another currency; one that ends opens the requirement again."""

    def take(n: int, minor: int, on: date, currency: str = "EUR", until: date | None = None) -> None:
        fields = {"kind": "deposit", "reference": "R", "text": None, "valid_from": on, "valid_until": until}
        command = TakeGuarantee(f"gua_{n:032x}", CUSTOMER, amount_minor=minor, currency=currency, **fields)  # type: ignore[arg-type]
        books.do(take_guarantee, command, today=on)
        taken.append(command.guarantee_id)

    def agreed(day: date) -> list[RequiredGuarantee]:
        proposals = books.state(RISK_TERMS, terms_of(CUSTOMER)).proposals
        return required(proposals, [books.state(GUARANTEE, each) for each in taken], day)

    def seen(day: date) -> list[tuple[int, str, date]]:
        return [(each.obtained.amount_minor, each.state, each.obtain_by) for each in agreed(day)]

    def diary(day: date, until: date) -> list[tuple[str, date]]:
        return [(each.reason.code, each.due_on) for each in guarantee_causes(agreed(day), day, until)]

    taken: list[str] = []
    first, second, third = (TODAY + timedelta(days=n) for n in (1, 2, 31))
    take(1, 900_00, TODAY)
    secured = terms(kind="guarantee", amount_minor=500_00, currency="EUR")
    books.do(propose_terms, secured, Figures(), today=first)
    books.do(propose_terms, terms(share_bps=3_000), Figures(), today=first)
    assert seen(first) == [], "it is proposed alone"
    for wrong in (
        AnswerTerms(CUSTOMER, 2, True, "Yes", second),
        AnswerTerms(CUSTOMER, 1, True, "Yes", TODAY),
    ):
        with pytest.raises(Invalid, match="obtain"):
            books.do(answer_terms, wrong, today=first)
    books.do(answer_terms, AnswerTerms(CUSTOMER, 1, True, "Agreed"), today=first)
    assert seen(first) == [(0, "open", third)]
    assert diary(third, third - timedelta(days=1)) == []
    assert diary(third, third) == [("guarantee-awaited", third)]
    take(2, 300_00, second)
    take(3, 900_00, second, currency="USD")
    assert seen(third) == [(300_00, "open", third)]
    assert seen(third + timedelta(days=1)) == [(300_00, "overdue", third)]
    assert diary(third + timedelta(days=1), third + timedelta(days=1)) == [("guarantee-overdue", third)]
    take(4, 200_00, second, until=third)
    assert seen(third) == [(500_00, "obtained", third)]
    assert diary(third, third) == []
    assert seen(third + timedelta(days=1)) == [(300_00, "overdue", third)]
    books.do(propose_terms, secured, Figures(), today=second)
    books.do(answer_terms, AnswerTerms(CUSTOMER, 3, True, "More", second), today=second)
    assert seen(second) == [(0, "open", second), (500_00, "obtained", third)], "each guarantee counts once"
    books.do(withdraw_terms, WithdrawTerms(CUSTOMER, 1, "Paid in advance"), today=second)
    assert seen(second) == [(500_00, "obtained", second)]


def test_the_policy_says_in_how_many_days_a_guarantee_is_to_be_obtained(books: BooksInMemory) -> None:
    registered = event(EntityRegistered, entity_id="ent_1")
    books.do(_append, registered)
    secured = terms(kind="guarantee", amount_minor=500_00, currency="EUR")
    for number, days in ((1, 10), (2, 0), (3, None)):
        rules = SetCreditPolicy("ent_1", HoldRules(), (), (), guarantee_days=days)
        books.do(set_policy, rules)
        books.do(propose_terms, secured, Figures())
        books.do(answer_terms, AnswerTerms(CUSTOMER, number, True, "Agreed"))
    found = books.state(RISK_TERMS, terms_of(CUSTOMER)).proposals
    assert [(each.answer.obtain_by - TODAY).days for each in found] == [10, 0, 30]
