"""The review of the books against a recount, on a random history with planted defects, at many pairs of dates."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from typing import Any

import pytest
import pytest_asyncio
from msgspec.structs import replace

from encours.contracts import Event
from encours.contracts.events.invoice import InvoiceIssued
from encours.contracts.events.sales.review import FindingDismissed
from encours.kernel.ids import derived_id
from encours.projection.rebuild import rebuild
from encours.testing.http import HttpScenario, http_scenario
from encours.testing.servers import Installation
from invoice_svc.app import create_app
from invoice_svc.read_models.lists import Lists
from tests.integration.review_histories import AFTER_DAYS, CUSTOMERS, ENTITY, Books, Expected, random_books

MERGED = set(CUSTOMERS[2:])

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def books() -> Books:
    """A year of documents, about one in six of them with a defect."""
    return random_books(seed=20260309, acts=240)


@asynccontextmanager
async def ledger_of(installation: Installation, books: Books, *more: Event) -> AsyncIterator[HttpScenario]:
    """A ledger with the books and more events of a last day, and its lists."""
    async with http_scenario(installation, "invoice", create_app) as made:
        for day, events in books.days():
            await made.given(*events, entity=ENTITY, on=day)
        if more:
            await made.given(*more, entity=ENTITY, on=books.events[-1].effective_on)
        await rebuild(
            ledger_dsn=installation.ledger_url("invoice"),
            store_dsn=installation.store_url("invoice"),
            service="invoice-svc",
            model=Lists(),
            ledger=made.name,
        )
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scenario(module_installation: Installation, books: Books) -> AsyncIterator[HttpScenario]:
    async with ledger_of(module_installation, books) as made:
        yield made


async def review(scenario: HttpScenario, **asked: Any) -> list[dict[str, Any]]:
    """Every page of the review."""
    found: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        answer = await scenario.http.get("/v1/reviews/invoices", params={"limit": 40, **asked, **cursor})
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert not body["incomplete"], "a stream is parked"
        found += body["data"]
        if body["next_cursor"] is None:
            return found
        cursor = {"cursor": body["next_cursor"]}


def told(found: list[dict[str, Any]]) -> set[Expected]:
    return {
        Expected(
            each["kind"],
            frozenset(each["documents"]),
            None if each["amount"] is None else round(float(each["amount"]["amount"]) * 100),
            date.fromisoformat(each["found_on"]),
        )
        for each in found
    }


async def test_every_planted_defect_is_found_and_nothing_else(scenario: HttpScenario, books: Books) -> None:
    """At nine pairs of dates."""
    last = len(books.events)
    kinds, merged = set(), False
    for known_at in (last // 3, 2 * last // 3, last):
        known = books.events[:known_at]
        for back in (200, 45, 0):
            as_of = known[-1].effective_on - timedelta(days=back)
            found = await review(scenario, as_of=as_of.isoformat(), known_at=known_at, after_days=AFTER_DAYS)
            assert len({each["id"] for each in found}) == len(found)
            expected = books.recount(known_at, as_of)
            merged |= any(map(books.is_of_several_records, expected))
            assert told(found) == expected, (known_at, as_of)
            kinds |= {each.kind for each in expected}
    assert len(kinds) == 7, "a kind was never planted"
    assert merged, "no supply was billed twice on two records"


async def test_each_finding_names_the_events_that_it_rests_on(scenario: HttpScenario, books: Books) -> None:
    for each in await review(scenario):
        events = [books.events[position - 1] for position in each["events"]]
        assert events, each
        streams = {event.stream for event in events}
        assert streams & {*each["documents"]} or each["kind"] in ("number_gap", "credit_above_sales"), each
        assert each["reason"].endswith((".", ").")), each


async def test_filters_select(scenario: HttpScenario) -> None:
    everything = await review(scenario)
    for name in ("kind", "severity", "customer_id"):
        for value in {each[name] for each in everything} - {None}:
            found = await review(scenario, **{name: value})
            wanted = MERGED if value in MERGED else {value}
            assert [each["id"] for each in found] == [e["id"] for e in everything if e[name] in wanted]
    documented = next(each for each in everything if each["documents"])
    document = documented["documents"][0]
    assert documented in await review(scenario, document=document)
    assert await review(scenario, entity_id=ENTITY) == everything
    assert await review(scenario, status="dismissed") == []


async def test_a_finding_is_dismissed_with_a_reason_until_its_facts_change(
    scenario: HttpScenario, books: Books, module_installation: Installation
) -> None:
    (first, *_) = await review(scenario, kind="duplicate_invoice", sort="found_on")
    at = f"/v1/reviews/invoices/{first['id']}/dismiss"
    body = {"reason": "Two crates of the same goods.", "facts": first["facts"]}
    (await scenario.when("POST", at, body | {"facts": "0" * 32})).refused(409, "finding-changed")
    unknown = await scenario.when("POST", f"/v1/reviews/invoices/fnd_{'0' * 32}/dismiss", body)
    unknown.refused(404, "finding-not-found")
    answered = await scenario.when("POST", at, body)
    shown = answered.then(200, FindingDismissed)
    assert (shown["id"], shown["events"]) == (first["id"], first["events"])
    assert shown["dismissal"]["reason"] == body["reason"]

    dismissal, known_at = answered.events[0], len(books.events)
    async with ledger_of(module_installation, books, dismissal) as after:
        (await after.when("POST", at, body)).then(200)
        (dismissed,) = await review(after, status="dismissed")
        assert (dismissed["id"], dismissed["dismissal"]["reason"]) == (first["id"], body["reason"])
        assert first["id"] not in {each["id"] for each in await review(after, status="open")}
        assert await review(after, status="dismissed", known_at=known_at) == []

    last = books.events[-1].effective_on
    issues = [e.data for e in books.events if isinstance(e.data, InvoiceIssued)]
    (twin,) = [each for each in issues if each.invoice_id == first["documents"][0]]
    third = replace(
        twin,
        invoice_id=derived_id("inv", "third"),
        number="OLD-3",
        series=None,
        origin="import",
        issued_on=last,
    )
    async with ledger_of(module_installation, books, dismissal, third) as changed:
        found = await review(changed, document=third.invoice_id, kind="duplicate_invoice")
        (again,) = [each for each in found if each["id"] == first["id"]]
        assert (again["status"], len(again["documents"])) == ("open", 3)
        assert again["facts"] != first["facts"]
