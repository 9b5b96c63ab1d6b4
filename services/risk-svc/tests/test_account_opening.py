"""Opening of accounts: the items of segment and amount, four eyes, refusal; orders are referred until it is open."""

from __future__ import annotations

from typing import Any

import pytest

from encours.contracts.events.account_opening import ChecklistItem
from encours.contracts.events.parties.customer import CustomerRegistered
from encours.contracts.events.parties.entity import EntityRegistered
from encours.kernel.errors import Invalid
from encours.ledger.command import Result
from encours.ledger.session import Session
from encours.testing.events import event
from encours.testing.history import stream_of
from encours.testing.memory import TODAY, BooksInMemory
from risk_svc.domain.assessment import check
from risk_svc.domain.file.opening import (
    AccountItemNotFound,
    AccountItemsMissing,
    AccountOpening,
    AccountOpeningDecided,
    AccountOpeningNotFound,
    AskForAccount,
    DecideOpening,
    NoAccountChecklist,
    SetAccountChecklist,
    SettleItem,
    checklist_of,
    opening_of,
)
from risk_svc.domain.limit import ApprovedLimit
from risk_svc.domain.picture import Picture
from risk_svc.domain.policy import DecidesOwnRequest
from risk_svc.http.openings.bodies import AccountChecklistBody
from risk_svc.use_cases.file import openings

ENTITY, CUSTOMER = f"ent_{1:032x}", f"cus_{1:032x}"
SALES, CLERK, HEAD = "key:sales", "key:clerk", "key:head"


def item(code: str, *segments: str, from_minor: int | None = None) -> ChecklistItem:
    return ChecklistItem(item_code=code, label=code, segments=segments, from_minor=from_minor)


ITEMS = (
    item("identity"),
    item("mandate", from_minor=10_000_00),
    item("papers", "export"),
    item("terms", "retail"),
)


async def _register(session: Session, each: CustomerRegistered | EntityRegistered) -> Result:
    session.begin(stream_of(each))
    session.emit(stream_of(each), each, entity=ENTITY)
    return session.result(stream_of(each))


@pytest.fixture
def books() -> BooksInMemory:
    books = BooksInMemory()
    books.do(_register, event(EntityRegistered, entity_id=ENTITY))
    books.do(_register, event(CustomerRegistered, customer_id=CUSTOMER, segment="retail"))
    return books


def asked(minor: int = 5_000_00, currency: str = "EUR") -> AskForAccount:
    return AskForAccount(CUSTOMER, minor, currency, "New dealer")


def file(books: BooksInMemory) -> AccountOpening:
    found: AccountOpening = books.state(openings.ACCOUNT_OPENING, opening_of(CUSTOMER))
    return found


def listed(books: BooksInMemory, **more: Any) -> None:
    fields: dict[str, Any] = {"currency": "EUR", "items": ITEMS, "refers": True}
    books.do(openings.set_checklist, SetAccountChecklist(ENTITY, **(fields | more)))


def test_nothing_is_asked_without_a_checklist(books: BooksInMemory) -> None:
    with pytest.raises(NoAccountChecklist):
        books.do(openings.ask_for_account, asked())
    with pytest.raises(AccountOpeningNotFound):
        books.do(openings.decide_opening, DecideOpening(CUSTOMER, True, "No"))


@pytest.mark.parametrize(
    ("minor", "codes"), [(5_000_00, ["identity", "terms"]), (10_000_00, ["identity", "mandate", "terms"])]
)
def test_segment_and_amount_say_which_items_are_needed(
    books: BooksInMemory, minor: int, codes: list[str]
) -> None:
    listed(books)
    books.do(openings.ask_for_account, asked(minor))
    assert file(books).missing == codes
    listed(books, items=())
    assert file(books).missing == codes
    with pytest.raises(AccountOpeningDecided):
        books.do(openings.ask_for_account, asked(minor))


def test_an_account_is_opened_by_another_pair_of_eyes_once_nothing_is_missing(books: BooksInMemory) -> None:
    listed(books)
    books.do(openings.ask_for_account, asked(), actor=SALES)
    done = SettleItem(CUSTOMER, "identity", "Passport", ("ab" * 32,))
    for _ in range(2):
        books.do(openings.settle_item, done, actor=CLERK)
    opened = DecideOpening(CUSTOMER, True, "Complete")
    with pytest.raises(AccountItemsMissing) as refusal:
        books.do(openings.decide_opening, opened, actor=HEAD)
    assert refusal.value.extra == {"missing": ["terms"]}
    with pytest.raises(AccountItemNotFound):
        books.do(openings.settle_item, SettleItem(CUSTOMER, "papers", "No"), actor=CLERK)
    books.do(openings.settle_item, SettleItem(CUSTOMER, "terms", "Group terms", waived=True), actor=CLERK)
    for involved in (SALES, CLERK):
        with pytest.raises(DecidesOwnRequest):
            books.do(openings.decide_opening, opened, actor=involved)
    for _ in range(2):
        books.do(openings.decide_opening, opened, actor=HEAD)
    found = file(books)
    assert (found.state, found.decided_by, found.decided_on) == ("open", HEAD, TODAY)
    assert [(each.by, each.waived) for each in found.settled.values()] == [(CLERK, False), (CLERK, True)]
    assert len(books.stream(opening_of(CUSTOMER))) == 4
    for late in (done, DecideOpening(CUSTOMER, False, "No")):
        work = openings.settle_item if isinstance(late, SettleItem) else openings.decide_opening
        with pytest.raises(AccountOpeningDecided):
            books.do(work, late, actor=HEAD)


def test_a_refused_account_is_asked_for_again_with_nothing_done(books: BooksInMemory) -> None:
    listed(books)
    books.do(openings.ask_for_account, asked(), actor=SALES)
    books.do(openings.settle_item, SettleItem(CUSTOMER, "identity", "Passport"), actor=CLERK)
    books.do(openings.decide_opening, DecideOpening(CUSTOMER, False, "No accounts"), actor=SALES)
    assert file(books).state == "refused"
    books.do(openings.ask_for_account, asked(), actor=SALES)
    assert (file(books).state, file(books).missing) == ("requested", ["identity", "terms"])


def test_a_checklist_is_set_once_and_wrong_ones_are_refused(books: BooksInMemory) -> None:
    listed(books)
    listed(books)
    assert len(books.stream(checklist_of(ENTITY))) == 1
    with pytest.raises(Invalid):
        listed(books, items=(item("identity"), item("identity")))
    with pytest.raises(Invalid):
        books.do(openings.ask_for_account, asked(currency="USD"))


def test_an_account_that_is_not_open_refers_even_a_prepaid_order() -> None:
    limit = ApprovedLimit("lim_1", 1_000_00, "EUR", 30, None)
    whole = Picture(CUSTOMER, ENTITY, "Garage").whole("EUR", TODAY)
    within = check(500_00, TODAY, whole, limit, unopened=True)
    prepaid = check(0, TODAY, whole, None, unopened=True)
    above = check(2_000_00, TODAY, whole, limit, unopened=True)
    assert (within.decision, within.reasons) == ("refer", ("account-not-opened",))
    assert (prepaid.decision, prepaid.reasons) == ("refer", ("account-not-opened", "no-limit"))
    assert (above.decision, above.reasons) == ("refuse", ("limit-exceeded", "account-not-opened"))
    assert check(500_00, TODAY, whole, limit).decision == "accept"


def test_a_checklist_in_no_currency_is_refused() -> None:
    body = AccountChecklistBody.model_validate({"currency": "QQQ", "items": []})
    with pytest.raises(Invalid, match="ISO 4217"):
        body.to_command(f"ent_{1:032x}")
