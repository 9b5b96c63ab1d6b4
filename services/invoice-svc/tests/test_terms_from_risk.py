"""Terms that risk-svc proposed: agreed as they are accepted, ended as they end, without effect where more is agreed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from encours.contracts.events.risk_terms import RiskTermsAnswered, RiskTermsProposed, RiskTermsWithdrawn
from encours.testing.events import event
from encours.testing.memory import TODAY
from invoice_svc.domain.amounts.sums import LineInput
from invoice_svc.domain.customer.commands import AgreeTerms
from invoice_svc.domain.customer.state import terms_on
from invoice_svc.domain.invoice.commands import Content
from invoice_svc.domain.order.commands import PlaceOrder
from invoice_svc.domain.terms import ProposedTerms
from invoice_svc.use_cases.folds import CUSTOMER, ORDER
from invoice_svc.use_cases.parties import customers
from invoice_svc.use_cases.parties.risk_terms import follow_terms
from invoice_svc.use_cases.sales import orders

TEN = Content(None, (LineInput("tyre", "10", "10.00", "20"),))
"""Ten pieces of 12.00 with VAT."""


class Shop:
    """A firm with one customer, for whom terms are proposed and accepted."""

    def __init__(self, books: Any) -> None:
        self.books, self.day = books, TODAY
        self.proposed: list[RiskTermsProposed] = []

    def accept(self, kind: str, *, share_bps: int | None = None, days: int | None = None) -> list[str]:
        """Accept terms on the next day; return the types of the events."""
        number = len(self.proposed) + 1
        made = event(
            RiskTermsProposed, customer_id="cus_1", proposal_number=number, kind=kind, share_bps=share_bps, days=days
        )  # fmt: skip
        self.proposed.append(made)
        return self.happen(RiskTermsAnswered, number)

    def end(self, number: int) -> list[str]:
        return self.happen(RiskTermsWithdrawn, number)

    def happen(self, kind: type[RiskTermsAnswered | RiskTermsWithdrawn], number: int) -> list[str]:
        self.day += timedelta(days=1)
        before = len(self.books.ledger.events)
        answer = event(kind, customer_id="cus_1", proposal_number=number, accepted=True)
        self.books.do(follow_terms, answer, self.proposed[number - 1], today=self.day)
        found: list[str] = self.books.kinds(before)
        return found

    def agree(self, days: int, **fields: Any) -> None:
        terms = ProposedTerms("NET", days, None, None, **fields)
        self.books.do(customers.agree_terms, AgreeTerms("cus_1", terms), today=self.day)

    @property
    def terms(self) -> Any:
        return terms_on(self.books.state(CUSTOMER, "cus_1"), self.day)

    def deposit(self, order_id: str, content: Content = TEN) -> int | None:
        placed = PlaceOrder(order_id, "ent_1", "cus_1", content)
        self.books.do(orders.place, placed, today=self.day)
        found: int | None = self.books.state(ORDER, order_id).deposit_minor
        return found


@pytest.fixture
def shop(firm: Any) -> Shop:
    return Shop(firm)


def test_accepted_terms_are_those_of_the_customer_until_they_end(shop: Shop) -> None:
    shop.agree(45)
    assert shop.accept("shorter_delay", days=15) == ["customer.terms_agreed"]
    assert shop.accept("early_discount", share_bps=200, days=8) == ["customer.terms_agreed"]
    assert shop.accept("deposit", share_bps=3_000) == ["customer.terms_agreed"]
    found = shop.terms
    assert (found.days, found.discount.rate_bps, found.deposit_bps) == (15, 200, 3_000)
    assert shop.deposit("ord_1") == 36_00
    assert shop.end(1) == ["customer.terms_agreed"]
    assert (shop.terms.days, shop.terms.discount.rate_bps, shop.terms.deposit_bps) == (45, 200, 3_000)
    assert shop.end(3) == ["customer.terms_agreed"]
    assert (shop.terms.days, shop.terms.deposit_bps, shop.deposit("ord_2")) == (45, None, None)


def test_without_an_agreement_the_terms_of_the_law_are_shortened(shop: Shop) -> None:
    assert [shop.terms] == [None]
    assert shop.accept("shorter_delay", days=0) == ["customer.terms_agreed"]
    assert (shop.terms.due_kind, shop.terms.days) == ("NET", 0)
    assert shop.end(1) == ["customer.terms_agreed"]
    assert shop.terms.days == 30


def test_what_is_agreed_prevails_where_it_goes_as_far(shop: Shop) -> None:
    shop.agree(10, deposit_bps=5_000)
    assert shop.accept("shorter_delay", days=10) == ["customer.terms_kept"]
    assert shop.accept("deposit", share_bps=3_000) == ["customer.terms_kept"]
    assert shop.accept("guarantee") == shop.accept("earlier_dunning", days=5) == []
    assert (shop.end(1), shop.terms.days, shop.terms.deposit_bps) == ([], 10, 5_000)


def test_what_was_agreed_since_prevails_as_terms_end(shop: Shop) -> None:
    shop.agree(45)
    shop.accept("shorter_delay", days=15)
    shop.agree(20)
    assert (shop.end(1), shop.terms.days) == (["customer.terms_kept"], 20)


def test_an_order_with_terms_of_its_own_asks_for_no_deposit(shop: Shop) -> None:
    shop.accept("deposit", share_bps=10_000)
    own = Content(None, TEN.lines, ProposedTerms("NET", 5, None, None))
    assert (shop.deposit("ord_1", own), shop.deposit("ord_2")) == (None, 120_00)
