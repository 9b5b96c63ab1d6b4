"""Facts about a customer, registers' answers, and comments: recorded, corrected, withdrawn, and never changed."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from encours.contracts.events.credit_file import (
    CreditFactContent,
    CreditFactCorrected,
    CreditFactRecorded,
    CreditFactValue,
)
from encours.contracts.events.parties.customer import CustomerRegistered
from encours.kernel.errors import Invalid
from encours.ledger.command import Result
from encours.ledger.session import Session
from encours.testing.events import event
from encours.testing.history import stream_of
from encours.testing.memory import TODAY, BooksInMemory
from risk_svc.domain.file.comments import (
    CorrectComment,
    CorrectsOtherComment,
    CreditCommentNotFound,
    MakeComment,
    comments_of,
)
from risk_svc.domain.file.facts import (
    CorrectFact,
    CreditFactIsWithdrawn,
    CreditFactNotFound,
    RecordFacts,
    WithdrawFact,
    facts_of,
    on,
)
from risk_svc.domain.file.registers import CustomerWithoutSiren, ExtractOfOtherCompany, facts_in
from risk_svc.http.facts.answers import COMMENT_ANSWER, comment_answer
from risk_svc.use_cases.file import facts

CUSTOMER = f"cus_{1:032x}"
SIREN = "880878145"
DAY = timedelta(days=1)


async def _register(session: Session, customer: CustomerRegistered) -> Result:
    session.begin(stream_of(customer))
    session.emit(stream_of(customer), customer, entity="ent_1")
    return session.result(stream_of(customer))


@pytest.fixture
def books() -> BooksInMemory:
    books = BooksInMemory()
    books.do(_register, event(CustomerRegistered, customer_id=CUSTOMER, siren=SIREN))
    return books


def told(**fields: Any) -> CreditFactContent:
    usual: dict[str, Any] = {
        "kind": "observation", "source": "sales", "observed_on": TODAY - 10 * DAY, "valid_from": None,
        "valid_until": None, "text": "The yard is empty", "values": (), "evidence_sha256": (), "reference": None,
    }  # fmt: skip
    return CreditFactContent(**(usual | fields))


def notice(family: str, **fields: Any) -> dict[str, Any]:
    usual: dict[str, Any] = {
        "id": "B20260012",
        "registre": "880878145,880 878 145",
        "dateparution": str(TODAY - 5 * DAY),
    }
    return {"fields": usual | {"familleavis": family, "tribunal": "Greffe de Paris"} | fields}


def test_a_fact_holds_from_its_observation_on_as_it_was_known_then(books: BooksInMemory) -> None:
    stream = facts_of(CUSTOMER)
    books.do(facts.record_facts, RecordFacts(CUSTOMER, (told(),)))
    corrected = told(text="Half of it is empty", valid_until=TODAY - 3 * DAY)
    books.do(facts.correct_fact, CorrectFact(CUSTOMER, 1, corrected, "Looked again"))
    books.do(facts.correct_fact, CorrectFact(CUSTOMER, 1, corrected, "And again"))
    events = books.stream(stream)
    assert [each.effective_on for each in events] == [TODAY - 10 * DAY] * 2
    assert on(events, TODAY - 11 * DAY).facts == ()
    (known,) = on(events, TODAY - 10 * DAY).facts
    (before,) = on(events[:1], TODAY).facts
    assert (before.content.text, before.in_force(TODAY)) == ("The yard is empty", True)
    assert (known.content, known.corrected, known.last_reason) == (corrected, 1, "Looked again")
    assert [known.in_force(TODAY - n * DAY) for n in (11, 10, 3, 2)] == [False, True, True, False]


def test_a_withdrawn_fact_stays_in_the_list_and_is_not_corrected(books: BooksInMemory) -> None:
    books.do(facts.record_facts, RecordFacts(CUSTOMER, (told(),)))
    for _ in range(2):
        books.do(facts.withdraw_fact, WithdrawFact(CUSTOMER, 1, "Another customer"))
    with pytest.raises(CreditFactIsWithdrawn):
        books.do(facts.correct_fact, CorrectFact(CUSTOMER, 1, told(), "No"))
    with pytest.raises(CreditFactNotFound):
        books.do(facts.withdraw_fact, WithdrawFact(CUSTOMER, 2, "No"))
    (known,) = books.state(facts.CREDIT_FACTS, facts_of(CUSTOMER)).facts
    assert (known.withdrawn, known.in_force(TODAY), len(books.stream(facts_of(CUSTOMER)))) == (True, False, 2)


@pytest.mark.parametrize(
    "wrong",
    [
        {"observed_on": TODAY + DAY},
        {"valid_until": TODAY - 11 * DAY},
        {"kind": "company_status", "values": (CreditFactValue(name="state", value="asleep"),)},
        {"kind": "accounts_filed", "values": (CreditFactValue(name="closed_on", value="last year"),)},
        {"values": (CreditFactValue(name="a", value="1"), CreditFactValue(name="a", value="2"))},
    ],
    ids=str,
)
def test_a_fact_that_cannot_be_is_refused(books: BooksInMemory, wrong: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        books.do(facts.record_facts, RecordFacts(CUSTOMER, (told(**wrong),)))
    assert books.stream(facts_of(CUSTOMER)) == []


def test_each_record_of_a_register_is_one_fact_that_follows_it(books: BooksInMemory) -> None:
    judged = {"nature": "Jugement d'ouverture de liquidation judiciaire", "date": str(TODAY - 9 * DAY)}
    opened = notice("collective", jugement=json.dumps(judged))
    accounts = notice("dpc", id="C2026", depot=json.dumps({"dateCloture": "2025-12-31"}))
    document = {"records": [opened, notice("radiation", id="B3"), accounts, notice("vente", id="A4")]}
    for _ in range(2):
        books.do(facts.file_extract, facts.FileExtract(CUSTOMER, "bodacc", document))
    changed = notice("radiation", id="B3", dateparution=str(TODAY - 4 * DAY))
    books.do(facts.file_extract, facts.FileExtract(CUSTOMER, "bodacc", {"records": [changed]}))
    assert [type(each.data) for each in books.stream(facts_of(CUSTOMER))] == [
        *[CreditFactRecorded] * 4,
        CreditFactCorrected,
    ]
    found = [each.content for each in books.state(facts.CREDIT_FACTS, facts_of(CUSTOMER)).facts]
    assert [each.kind for each in found] == [
        "insolvency_notice",
        "company_status",
        "accounts_filed",
        "register_notice",
    ]
    values = {each.name: each.value for each in found[0].values}
    assert (values["proceedings"], values["judged_on"]) == ("liquidation", str(TODAY - 9 * DAY))
    assert (found[1].observed_on, len(found[1].evidence_sha256)) == (TODAY - 4 * DAY, 1)


def test_the_company_search_and_filed_ratios_are_read() -> None:
    company: dict[str, Any] = {
        "siren": SIREN,
        "etat_administratif": "A",
        "date_mise_a_jour": "2026-05-17T11:48:05",
    }
    struck = company | {"immatriculation": {"date_radiation": "2026-05-01"}}
    for record, state in ((company, "active"), (struck, "closed")):
        (found,) = facts_in("company_search", {"result": {"results": [record]}}, SIREN)
        assert (found.kind, found.values[0].value) == ("company_status", state)
    ratios = {"siren": SIREN, "date_cloture_exercice": "2025-12-31", "chiffre_d_affaires": 593000000}
    record = {"fields": ratios, "record_timestamp": "2026-06-12T15:25:19Z"}
    (found,) = facts_in("financial_ratios", {"records": [record]}, SIREN)
    assert {each.name: each.value for each in found.values} == {
        "closed_on": "2025-12-31",
        "turnover": "593000000",
    }


def test_a_record_holds_no_control_characters() -> None:
    record = notice("vente", familleavis_lib="Ventes\x00 et\ncessions", tribunal="\x07")
    (found,) = facts_in("bodacc", record, SIREN)
    assert found.text == "BODACC B20260012: Ventes et cessions"
    assert {each.name: each.value for each in found.values}["court"] == ""


@pytest.mark.parametrize(
    ("register", "document", "siren", "refusal"),
    [
        ("bodacc", {"records": [notice("radiation")]}, "552032534", ExtractOfOtherCompany),
        ("bodacc", {"records": [notice("radiation")]}, None, CustomerWithoutSiren),
        ("bodacc", {"records": []}, SIREN, Invalid),
        ("bodacc", {"records": [{"fields": {"registre": SIREN}}]}, SIREN, Invalid),
        ("bodacc", {"records": [notice("dpc", depot="[")]}, SIREN, Invalid),
        ("bodacc", {"records": 3}, SIREN, Invalid),
        ("company_search", {"result": []}, SIREN, Invalid),
        ("company_search", {"results": [{"siren": SIREN, "etat_administratif": None}]}, SIREN, Invalid),
        ("financial_ratios", {"records": [notice("radiation")]}, SIREN, Invalid),
    ],
)
def test_an_answer_of_another_shape_or_company_is_refused(
    register: Any, document: Any, siren: str | None, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        facts_in(register, document, siren)


def test_the_author_alone_corrects_a_comment_and_roles_see_it(books: BooksInMemory) -> None:
    stream = comments_of(CUSTOMER)
    books.do(facts.make_comment, MakeComment(CUSTOMER, "Pays late", ()), actor="key:sales")
    books.do(facts.make_comment, MakeComment(CUSTOMER, "Divorce", ("credit_manager",)), actor="key:sales")
    better = CorrectComment(CUSTOMER, 1, "Pays late in summer", ())
    for _ in range(2):
        books.do(facts.correct_comment, better, actor="key:sales")
    with pytest.raises(CorrectsOtherComment):
        books.do(facts.correct_comment, CorrectComment(CUSTOMER, 1, "No", ()), actor="key:other")
    with pytest.raises(CreditCommentNotFound):
        books.do(facts.correct_comment, CorrectComment(CUSTOMER, 3, "No", ()), actor="key:sales")
    state = books.state(facts.CREDIT_COMMENTS, stream)
    first, second = state.comments
    assert (len(books.stream(stream)), first.corrected_on) == (3, TODAY)
    assert [first.visible("key:x", ()), second.visible("key:x", ()), second.visible("key:sales", ())] == [
        True,
        False,
        True,
    ]
    assert second.visible("key:x", {"credit_manager"})


def test_a_correction_without_a_change_answers_with_the_own_comment_alone(books: BooksInMemory) -> None:
    for text, author in (("Pays late", "key:sales"), ("Divorce", "key:lawyer")):
        books.do(facts.make_comment, MakeComment(CUSTOMER, text, ("credit_manager",)), actor=author)
    same = CorrectComment(CUSTOMER, 1, "Pays late", ("credit_manager",))
    books.do(facts.correct_comment, same, actor="key:sales")
    state = books.state(facts.CREDIT_COMMENTS, comments_of(CUSTOMER))
    assert comment_answer(1).shown(state, 2, TODAY)["text"] == "Pays late"
    assert COMMENT_ANSWER.shown(state, 2, TODAY)["text"] == "Divorce"
