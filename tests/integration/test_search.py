"""Searches over HTTP: in the words that people type, ranked with the reason, page by page, and as of the past."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from encours.contracts import Event
from encours.contracts.common import Line
from encours.contracts.events.invoice import InvoiceAmended
from encours.contracts.events.parties.customer import CustomerAmended, CustomerRegistered
from encours.contracts.events.parties.entity import EntityRegistered
from encours.kernel.ids import derived_id
from encours.projection.rebuild import rebuild
from encours.testing.events import DAY, drafted, event, issued, sums
from encours.testing.http import HttpScenario, http_scenario
from encours.testing.servers import Installation
from invoice_svc.app import create_app
from invoice_svc.read_models.lists import Lists

pytestmark = pytest.mark.asyncio(loop_scope="module")
ENTITY = derived_id("ent", 1)
HONOLULU, SURFER, DUE_THERE = (derived_id(prefix, 300) for prefix in ("ent", "cus", "inv"))
DUPONT, LUMIERE = derived_id("cus", 1), derived_id("cus", 2)
USUAL = [derived_id("inv", n) for n in range(1, 130)]
AMENDED = derived_id("inv", 200)
BEFORE = DAY - timedelta(days=10)
REGISTERED, OF_DUPONT, OF_HONOLULU = 3, len(USUAL), 3


def _first_events() -> list[Event]:
    """129 issued invoices of Dupont, a draft of Lumière."""
    return [
        event(EntityRegistered, entity_id=ENTITY),
        event(CustomerRegistered, customer_id=DUPONT, entity_id=ENTITY, name="Établissements Dupont"),
        event(CustomerRegistered, customer_id=LUMIERE, entity_id=ENTITY, name="Lumière", external_ref="C-77"),
        *(
            issued(
                invoice_id=invoice_id,
                customer_id=DUPONT,
                origin="import",
                number=f"FAC-2026-{n:06d}",
                issued_on=BEFORE,
            )
            for n, invoice_id in enumerate(USUAL, 1)
        ),
        drafted(
            invoice_id=AMENDED,
            customer_id=LUMIERE,
            lines=(event(Line, description="Échafaudage"),),
            reference="PO-7781",
        ),
    ]


def _later_events() -> list[Event]:
    """The draft has another content, then a number; Lumière has another name."""
    lines = (event(Line, description="Compresseur"),)
    return [
        event(InvoiceAmended, invoice_id=AMENDED, customer_id=LUMIERE, lines=lines, **sums(1_234_50)),
        event(CustomerAmended, customer_id=LUMIERE, name="Soleil", external_ref="C-77"),
        issued(
            1_234_50,
            invoice_id=AMENDED,
            customer_id=LUMIERE,
            origin="import",
            number="REG-2026-000200",
            issued_on=DAY,
        ),
    ]


def _events_of_honolulu() -> list[Event]:
    """An entity where it is still the day before, and its invoice that is due on that day."""
    return [
        event(EntityRegistered, entity_id=HONOLULU, time_zone="Pacific/Honolulu"),
        event(CustomerRegistered, customer_id=SURFER, entity_id=HONOLULU, name="Kahuna"),
        issued(
            invoice_id=DUE_THERE,
            customer_id=SURFER,
            origin="import",
            number="HON-1",
            issued_on=DAY - timedelta(days=1),
            due_on=DAY - timedelta(days=1),
        ),
    ]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def books(module_installation: Installation) -> AsyncIterator[HttpScenario]:
    async with http_scenario(module_installation, "invoice", create_app) as scenario:
        await scenario.given(*_first_events(), entity=ENTITY, on=BEFORE)
        await scenario.given(*_events_of_honolulu(), entity=HONOLULU, on=DAY - timedelta(days=1))
        await scenario.given(*_later_events(), entity=ENTITY, on=DAY)
        await rebuild(
            ledger_dsn=module_installation.ledger_url("invoice"),
            store_dsn=module_installation.store_url("invoice"),
            service="invoice-svc",
            model=Lists(),
            ledger=scenario.name,
        )
        yield scenario


async def _search(books: HttpScenario, path: str = "/v1/invoices", **asked: Any) -> dict[str, Any]:
    answer = await books.http.get(path, params=asked)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def _best(found: dict[str, Any]) -> tuple[str, str] | None:
    return (found["data"][0]["id"], found["data"][0]["matched"]) if found["data"] else None


async def test_an_invoice_is_found_in_the_words_that_people_type(books: HttpScenario) -> None:
    forty_two, amended = USUAL[41], AMENDED
    expected = {
        "FAC-2026-000042": (forty_two, "number"),
        "2026-42": (forty_two, "number"),
        "FAC 42": (forty_two, "number"),
        "facture n° 42": (forty_two, "number"),
        "000042": (forty_two, "number"),
        "fac2026000042": (forty_two, "number"),
        "Dupond 42": (forty_two, "customer"),
        "1 234,50": (amended, "amount"),
        "1234.50 €": (amended, "amount"),
        "soleil": (amended, "customer"),
        "soliel": (amended, "customer"),
        "etablissement dupond": (max(USUAL), "customer"),
        "compres": (amended, "text"),
        "échafaudage": None,
        "lumiere": None,
        "PO-7781": None,
        "%": None,
    }
    assert {text: _best(await _search(books, q=text)) for text in expected} == expected


async def test_the_past_is_searched_in_the_words_that_it_had(books: HttpScenario) -> None:
    drafted_at = REGISTERED + OF_DUPONT + 1
    amended_at = drafted_at + OF_HONOLULU + 1
    draft, amended = {"known_at": drafted_at}, {"known_at": amended_at}
    business = {"as_of": BEFORE.isoformat()}
    cases: list[tuple[str, dict[str, Any], str | None]] = [
        ("échafaudage", draft, "text"),
        ("échafaudage", business, "text"),
        ("po 7781", business, "reference"),
        ("compresseur", draft, None),
        ("compresseur", business, None),
        ("compresseur", amended, "text"),
        ("lumiere", amended, "customer"),
        ("soleil", amended, None),
        ("soleil", business, "customer"),  # a name has no business date
        ("REG 200", amended, None),
        ("REG 200", business, None),
        ("REG 200", {"known_at": amended_at + 2}, "number"),
        ("1234,50", amended, "amount"),
        ("240", business, "amount"),
    ]
    for text, dates, matched in cases:
        dates = dates | {"customer_id": LUMIERE}
        found = [
            each["matched"]
            for each in (await _search(books, q=text, **dates))["data"]
            if each["id"] == AMENDED
        ]
        assert found == ([matched] if matched else []), (text, dates)


async def test_pages_of_a_search_hold_each_match_once_the_best_first(books: HttpScenario) -> None:
    """Each way matches what the ones before have matched."""
    for sort in ({}, {"sort": "number"}):
        seen: list[tuple[str, str]] = []
        cursor: dict[str, str] = {}
        while True:
            page = await _search(books, q="fac 2", limit=5, **sort, **cursor)
            seen += [(each["number"], each["matched"]) for each in page["data"]]
            if page["next_cursor"] is None:
                break
            cursor = {"cursor": page["next_cursor"]}
        every = [*(f"FAC-2026-{n:06d}" for n in range(1, 130)), "REG-2026-000200"]  # all begin a year with 2
        if sort:
            assert seen == [(number, "number") for number in every]
        else:
            assert seen[0] == ("FAC-2026-000002", "number")
            assert sorted(number for number, _ in seen) == every


async def test_status_filters_count_days_by_the_day_of_each_entity(books: HttpScenario) -> None:
    for filters, found in [
        ({"status": "due"}, [("due", "émise")]),
        ({"business": "émise"}, [("due", "émise")]),
        ({"status": "overdue"}, []),
        ({"crm": "Retard"}, []),
        ({"status": "overdue", "as_of": DAY.isoformat()}, [("overdue", "impayée")]),
        ({"crm": "Retard", "as_of": DAY.isoformat()}, [("overdue", "impayée")]),
    ]:
        listed = (await _search(books, customer_id=SURFER, **filters))["data"]
        assert [(each["status"]["collection"], each["labels"]["business"]) for each in listed] == found, (
            filters
        )


async def test_filters_hold_in_a_search(books: HttpScenario) -> None:
    assert _best(await _search(books, q="fac 42", customer_id=LUMIERE)) is None
    assert _best(await _search(books, q="fac 42", status="draft")) is None
    assert _best(await _search(books, q="fac 42", entity_id=ENTITY)) == (USUAL[41], "number")


async def test_a_customer_is_found_by_a_name_as_people_type_it_or_the_reference(books: HttpScenario) -> None:
    path = "/v1/customers"
    expected = {
        "DUPONT": (DUPONT, "name"),
        "etabl": (DUPONT, "name"),
        "Dupnot": (DUPONT, "name"),
        "C-77": (LUMIERE, "external_ref"),
        "lumière": None,
    }
    assert {text: _best(await _search(books, path, q=text)) for text in expected} == expected
    then = await _search(books, path, q="lumière", known_at=REGISTERED)
    assert _best(then) == (LUMIERE, "name")


async def test_today_is_that_of_the_creditor_of_the_customer_that_is_asked_about(books: HttpScenario) -> None:
    path, other = "/v1/invoices", f"cus_{'0' * 32}"
    for asked, day in (
        ({"customer_id": SURFER}, DAY - timedelta(days=1)),
        ({"customer_id": other}, DAY),
        ({}, DAY),
        ({"customer_id": SURFER, "as_of": str(DAY)}, DAY),
    ):
        answer = await books.http.get(path, params=asked)
        assert answer.json()["as_of"] == str(day), asked


async def test_a_copy_of_the_day_before_is_not_the_answer_of_today_where_its_creditor_is(
    books: HttpScenario,
) -> None:
    """The day of Honolulu begins at 10:00 UTC, within one of the ledger."""
    amended = event(CustomerAmended, customer_id=SURFER, name="Kahuna et fils")
    await books.given(amended, entity=HONOLULU, on=DAY)
    path = f"/v1/customers/{SURFER}"
    before = await books.http.get(path)
    copy = {"If-None-Match": before.headers["ETag"]}
    assert (await books.http.get(path, headers=copy)).status_code == 304
    await books.at(datetime(DAY.year, DAY.month, DAY.day, 10, 1, tzinfo=UTC))
    after = await books.http.get(path, headers=copy)
    assert after.status_code == 200
    assert before.headers["ETag"] == after.headers["ETag"]
    days = [date.fromisoformat(each.json()["as_of"]) for each in (before, after)]
    assert days == [DAY - timedelta(days=1), DAY]
