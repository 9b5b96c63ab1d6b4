"""reporting-svc as real processes over HTTP, while events come in: every answer ties out at every moment."""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from encours.contracts.events.invoice import PaymentApplied
from encours.contracts.golden import example
from encours.embedded.process import free_port
from encours.ledger import Ledger
from encours.testing.forks import run_fork
from encours.testing.servers import Installation, announcing_ledger
from encours.testing.waiting import HANG_S, wait_until
from tests.integration.naive_published import PLAN
from tests.integration.own_sums import MOVED, OWN_SUMS, with_shares
from tests.integration.receivable_histories import CUSTOMERS, ENTITY, Books, history, issue, replay
from tests.integration.reporting_process import (
    LEDGER,
    Reporting,
    append_as_written,
    append_facts,
    damaged,
    prepare,
    process,
    random_books,
    ready,
    tie_out,
)

EUR = {"currency": "EUR"}
REPORTS = ("aged-balance", "overdue", "dso", "turnover", "collection-effectiveness", "dashboard")


@pytest.fixture(scope="module")
def reporting(module_installation: Installation) -> Iterator[Reporting]:
    token, foreign = asyncio.run(prepare(module_installation))
    port = free_port()
    with ExitStack() as stack:
        stack.enter_context(process(module_installation, "worker"))
        stack.enter_context(process(module_installation, "api", port))
        service = Reporting(module_installation, f"http://127.0.0.1:{port}", token, foreign)
        with service.client() as http:
            wait_until(lambda: ready(http), "reporting-svc is not ready")
        yield service


async def _load(
    installation: Installation, books: Books, answered: asyncio.Semaphore, loaded: asyncio.Event
) -> None:
    """One append a command, as invoice-svc would; a few for each answer, or it were over before it could be watched."""
    async with announcing_ledger(installation.ledger_url(), installation.nats_url()) as ledger:
        start = 0
        for n, end in enumerate(books.ends):
            if n % COMMANDS_AN_ANSWER == 0:
                await answered.acquire()
            if end > start:
                await append_as_written(installation, ledger, books.log[start:end])
            start = end
    loaded.set()


async def _watch(reporting: Reporting, answered: asyncio.Semaphore, loaded: asyncio.Event) -> dict[str, int]:
    """Ask for every report again and again; count the different positions that were answered."""
    seen: dict[str, set[int]] = {name: set() for name in REPORTS}
    headers = {"Authorization": f"Bearer {reporting.token}", "Encours-Ledger": LEDGER}
    async with httpx.AsyncClient(base_url=reporting.url, headers=headers, timeout=HANG_S) as http:
        last = False
        while not last:
            last = loaded.is_set()
            for name in REPORTS:
                answer = await http.get(f"/v1/{name}", params=EUR)
                assert answer.status_code == 200, answer.text
                body = answer.json()
                assert body["tie_out"]["equal"], body
                assert (
                    body["tie_out"]["buckets"] == body["tie_out"]["open_items"] == body["tie_out"]["ledger"]
                )
                assert body["incomplete"] is False
                seen[name].add(body["position"])
                answered.release()
    return {name: len(positions) for name, positions in seen.items()}


BOOKS = with_shares(random_books(seed=7, acts=600))
COMMANDS_AN_ANSWER = 4


@pytest.fixture(scope="module")
def loaded(reporting: Reporting) -> Reporting:
    """The books are in; what was asked meanwhile tied out."""

    async def both() -> dict[str, int]:
        answered, loaded = asyncio.Semaphore(), asyncio.Event()
        _, seen = await asyncio.gather(
            _load(reporting.installation, BOOKS, answered, loaded), _watch(reporting, answered, loaded)
        )
        return seen

    with reporting.client() as http:
        wait_until(
            lambda: http.get("/v1/aged-balance", params=EUR).status_code == 200, "read model is not built"
        )
    seen = asyncio.run(both())
    assert all(count > 10 for count in seen.values()), f"loading was over too soon to be watched: {seen}"
    return reporting


def get(http: httpx.Client, path: str, **parameters: Any) -> dict[str, Any]:
    answer = http.get(path, params={"min_position": len(BOOKS.log)} | parameters)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def minor(money: dict[str, str]) -> int:
    return int(money["amount"].replace(".", ""))


def test_every_answer_ties_out_while_events_come_in_and_after(loaded: Reporting) -> None:
    with loaded.client() as http:
        for name in REPORTS:
            body = get(http, f"/v1/{name}", **EUR)
            assert body["tie_out"]["equal"]
            assert body["position"] == len(BOOKS.log)


@pytest.mark.parametrize("days_ago", [0, 45, 200])
@pytest.mark.parametrize("share_known", [1.0, 0.6])
def test_the_page_and_the_totals_are_those_of_a_naive_replay(
    loaded: Reporting, days_ago: int, share_known: float
) -> None:
    as_of = BOOKS.today - timedelta(days=days_ago)
    known = BOOKS.ends[int((len(BOOKS.ends) - 1) * share_known)]
    expected = {c: e for (c, currency), e in replay(BOOKS.log, as_of, known).items() if currency == "EUR"}
    with loaded.client() as http:
        body = get(http, "/v1/aged-balance", as_of=as_of.isoformat(), known_at=known, **EUR)
    assert (body["as_of"], body["known_at"], body["position"]) == (as_of.isoformat(), str(known), known)
    rows = {row["customer_id"] or "": row for row in body["data"]}
    assert rows.keys() == expected.keys()
    for customer, figures in expected.items():
        row = rows[customer]
        assert [minor(row["bands"][band]) for band in body["bands"]] == figures.bands
        assert minor(row["disputed"]) == figures.disputed
        assert minor(row["conceded"]) == figures.conceded
        assert minor(row["overdue"]) == figures.overdue
        assert minor(row["unapplied"]) == figures.unapplied
        assert minor(row["outstanding"]) == figures.account
    assert minor(body["totals"]["outstanding"]) == sum(e.account for e in expected.values())


def test_pages_one_row_at_a_time_are_the_whole_list(loaded: Reporting) -> None:
    for sort in ("-outstanding", "outstanding", "name", "-overdue", "customer_id"):
        with loaded.client() as http:
            whole = get(http, "/v1/aged-balance", sort=sort, **EUR)["data"]
            page = get(http, "/v1/aged-balance", sort=sort, limit=1, **EUR)
            rows = page["data"]
            while page["next_cursor"]:
                page = get(http, "/v1/aged-balance", sort=sort, limit=1, cursor=page["next_cursor"], **EUR)
                rows += page["data"]
        assert rows == whole


def test_a_salesperson_and_a_segment_see_their_customers(loaded: Reporting) -> None:
    with loaded.client() as http:
        for name in REPORTS:
            mine = get(http, f"/v1/{name}", salesperson="sales-2", **EUR)
            same = get(http, f"/v1/{name}", customer_id=CUSTOMERS[1], **EUR)
            assert mine["tie_out"]["equal"]
            covers = mine.pop("scope"), same.pop("scope")
            assert [each["salesperson"] for each in covers] == ["sales-2", None]
            assert [each["customer_id"] for each in covers] == [None, CUSTOMERS[1]]
            assert mine == same
        everyone = get(http, "/v1/aged-balance", segment="A", **EUR)
        nobody = get(http, "/v1/aged-balance", segment="B", **EUR)
    assert {row["customer_id"] for row in everyone["data"]} == set(CUSTOMERS)
    assert (nobody["data"], nobody["totals"]["customers"]) == ([], 0)


def test_several_currencies_stand_side_by_side_and_are_never_added_up(loaded: Reporting) -> None:
    with loaded.client() as http:
        body = get(http, "/v1/aged-balance")
        alone = {code: get(http, "/v1/aged-balance", currency=code) for code in ("EUR", "USD")}
        pages, cursor = list[Any](), dict[str, str]()
        for sort in ("customer_id", "-outstanding", "name"):
            while len(pages) < len(body["data"]):
                page = get(http, "/v1/aged-balance", sort=sort, limit=1, **cursor)
                pages += page["data"]
                cursor = {"cursor": page["next_cursor"]} if page["next_cursor"] else {}
            assert not cursor
            assert sorted(pages, key=row_of) == sorted(body["data"], key=row_of)
            pages = []
        refused = http.get("/v1/dso")
    assert [body[name] for name in ("currency", "totals", "penalties", "tie_out")] == [None] * 4
    assert [each["currency"] for each in body["currencies"]] == ["EUR", "USD"]
    for each in body["currencies"]:
        single = alone[each["currency"]]
        assert each["tie_out"] == single["tie_out"]
        assert each["tie_out"]["equal"]
        assert each == single["totals"] | {name: each[name] for name in ("currency", "tie_out", "penalties")}
        assert [row for row in body["data"] if row["currency"] == each["currency"]] == single["data"]
        assert single["currencies"] == [each]
    assert body["scope"] == dict.fromkeys(body["scope"])
    assert refused.status_code == 422
    assert refused.json()["type"] == "/problems/currency-required"
    assert refused.json()["currencies"] == ["EUR", "USD"]


def row_of(row: dict[str, Any]) -> tuple[str, str]:
    return row["customer_id"] or "", row["currency"]


def test_the_items_behind_a_cell_add_up_to_it(loaded: Reporting) -> None:
    """Of a group, by the date of issue, and of all currencies in one."""
    with loaded.client() as http:
        asked = {"group_by": "salesperson", "by": "issue_date", "bands": "30,90", "currency": "EUR"}
        groups = get(http, "/v1/aged-balance/groups", **asked)
        for cell in groups["data"]:
            for band in groups["bands"]:
                listed = get(http, "/v1/open-items", group=cell["group"] or "", band=band, limit=500, **asked)
                assert listed["definition"] == groups["definition"]
                assert {row["band"] for row in listed["data"]} <= {band}
                assert listed["outstanding"] == cell["bands"][band]
                assert sum(minor(row["outstanding"]) for row in listed["data"]) == minor(cell["bands"][band])
        for wrong, pointer in (
            ({"group": "ann"}, "/group_by"),
            ({"group_by": "collector"}, "/group"),
            ({"group_by": "entity", "group": ENTITY, "report_currency": "EUR"}, "/report_currency"),
        ):
            refused = http.get("/v1/open-items", params=wrong)
            assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer)


def test_a_rebuild_gives_the_content_of_the_live_models(loaded: Reporting) -> None:
    environment = os.environ | loaded.installation.environment("reporting")
    done = run_fork("reporting_svc", "rebuild", "--ledger", LEDGER, "--json", env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    results = json.loads(done.stdout)
    assert {result["model"] for result in results} == {"receivables", "timeline", "reports"}
    assert all(result["equal"] for result in results), results
    with loaded.client() as http:
        assert get(http, "/v1/aged-balance", **EUR)["tie_out"]["equal"]


def test_the_timeline_has_every_event_of_the_customer_in_order(loaded: Reporting) -> None:
    customer = CUSTOMERS[0]
    with loaded.client() as http:
        entries: list[dict[str, Any]] = []
        cursor: dict[str, str] = {}
        while True:
            page = get(http, f"/v1/customers/{customer}/timeline", limit=500, lang="fr", **cursor)
            entries += page["data"]
            if page["next_cursor"] is None:
                break
            cursor = {"cursor": page["next_cursor"]}
        nobody = http.get("/v1/customers/cus_" + "0" * 32 + "/timeline")
    mine = {f.stream for f in BOOKS.log if getattr(f.recorded().data, "customer_id", None) == customer}
    assert [entry["position"] for entry in entries] == [f.position for f in BOOKS.log if f.stream in mine]
    assert entries[0]["summary"] == "Été 1 enregistré comme client"
    assert nobody.status_code == 404
    assert nobody.json()["type"] == "/problems/customer-not-found"


def test_the_timeline_of_an_invoice_has_every_event_that_names_it_and_its_disputes(loaded: Reporting) -> None:
    naming = Counter(each for f in BOOKS.log for each in set(re.findall(rb'"(inv_[0-9a-f]{32})"', f.raw)))
    [(busiest, _)] = naming.most_common(1)
    disputes = {f.stream for f in BOOKS.log if f.stream.startswith("dis_") and busiest in f.raw}
    about = [f.position for f in BOOKS.log if busiest in f.raw or f.stream in disputes]
    path = f"/v1/invoices/{busiest.decode()}/timeline"
    with loaded.client() as http:
        page = get(http, path, limit=500)
        known = get(http, path, limit=500, known_at=about[len(about) // 2])
        latest = get(http, path, limit=2, sort="-position")
        nobody = http.get("/v1/invoices/inv_" + "0" * 32 + "/timeline")
    assert [entry["position"] for entry in page["data"]] == about
    assert len({entry["stream"][:4] for entry in page["data"]}) > 1
    assert [entry["position"] for entry in known["data"]] == about[: len(about) // 2 + 1]
    assert [entry["position"] for entry in latest["data"]] == about[:-3:-1]
    assert (nobody.status_code, nobody.json()["type"]) == (404, "/problems/invoice-not-found")


def test_the_feed_is_the_ledger_and_pages_go_on_where_they_ended(loaded: Reporting) -> None:
    positions, after = [], 0
    with loaded.client() as http:
        while True:
            page = get(http, "/v1/events", after=after, limit=400)
            positions += [event["position"] for event in page["data"]]
            after = page["next_after"]
            if page["end"]:
                break
        lines = http.get(
            "/v1/events",
            params={"type": "payment.*", "limit": 1000},
            headers={"Accept": "application/x-ndjson"},
        )
        busy = max(BOOKS.versions, key=lambda stream: BOOKS.versions[stream])
        one = [event["position"] for event in get(http, "/v1/events", stream=busy, limit=1000)["data"]]
        beyond = len(BOOKS.log) + 1
        ahead = [
            http.get("/v1/events", params={"after": beyond}),
            http.get("/v1/events/stream", headers={"Last-Event-ID": str(beyond)}),
        ]
    assert [(each.status_code, each.json()["head"]) for each in ahead] == [(422, beyond - 1)] * 2
    assert one == [f.position for f in BOOKS.log if f.stream == busy]
    assert positions == list(range(1, len(BOOKS.log) + 1))
    events = [json.loads(line) for line in lines.text.splitlines()]
    assert [e["position"] for e in events] == [f.position for f in BOOKS.log if f.type.startswith("payment.")]
    assert [e["data"] for e in events] == [
        json.loads(f.raw) for f in BOOKS.log if f.type.startswith("payment.")
    ]


def test_the_live_stream_goes_on_behind_the_last_event_id_and_follows(loaded: Reporting) -> None:
    head = len(BOOKS.log)
    new = Books(versions=dict(BOOKS.versions), log=list(BOOKS.log), today=BOOKS.today)
    new.serial = iter(range(10**6, 10**7))
    issue(new, 0, BOOKS.today, 1000)

    async def append() -> None:
        ledger = await Ledger.open(loaded.installation.ledger_url("invoice"))
        await append_facts(ledger, new.log[head:])
        await ledger.close()

    seen: list[int] = []
    with (
        loaded.client() as http,
        http.stream("GET", "/v1/events/stream", headers={"Last-Event-ID": str(head - 2)}) as lines,
    ):
        assert lines.headers["content-type"].startswith("text/event-stream")
        for line in lines.iter_lines():
            if line.startswith("id: "):
                seen.append(int(line.removeprefix("id: ")))
                if len(seen) == 2:
                    asyncio.run(append())
                if len(seen) == 3:
                    break
    assert seen == [head - 1, head, head + 1]
    BOOKS.log.append(new.log[-1])


def test_a_key_of_another_entity_sees_nothing_of_these_books(loaded: Reporting) -> None:
    with loaded.client(loaded.foreign_token) as http:
        own = get(http, "/v1/aged-balance")
        assert (own["data"], own["totals"]["customers"], own["tie_out"]["equal"]) == ([], 0, True)
        assert get(http, "/v1/overdue")["data"] == []
        assert get(http, "/v1/events")["data"] == []
        assert http.get("/v1/aged-balance", params={"entity_id": ENTITY}).status_code == 403
        assert http.get("/v1/aged-balance", params={"customer_id": CUSTOMERS[0]}).status_code == 404
        assert http.get(f"/v1/customers/{CUSTOMERS[0]}/timeline").status_code == 404


@pytest.mark.parametrize(("report", "asked", "table", "column", "orders", "said"), OWN_SUMS)
def test_a_report_of_which_one_row_does_not_tie_out_is_no_answer(
    loaded: Reporting,
    report: str,
    asked: dict[str, str],
    table: str,
    column: str,
    orders: tuple[str, ...],
    said: str,
) -> None:
    dates = {"as_of": str(BOOKS.today), "min_position": str(len(BOOKS.log))}
    params = dates | {name: value.format(today=BOOKS.today) for name, value in asked.items()}
    with loaded.client() as http:
        whole = http.get(f"/v1/{report}", params=params)
        with damaged(loaded, table, column, *orders) as row:
            refused = http.get(f"/v1/{report}", params=params)
    assert whole.status_code == 200, whole.text
    problem = refused.json()
    assert (refused.status_code, problem["type"]) == (503, "/problems/figures-do-not-tie")
    assert problem["first_position"] == (row["position"] if table == "movement" else len(BOOKS.log))
    sums = problem["sums_minor"]
    assert len(orders) == 2 or abs(sums["own"] - sums["expected"]) == 1
    assert said in problem["detail"]


def test_figures_that_do_not_tie_out_are_no_answer_but_a_problem_that_names_the_position(
    loaded: Reporting,
) -> None:
    known: dict[str, str | int] = {"known_at": len(BOOKS.log), **EUR}
    with damaged(loaded, "movement", "account_minor", "position") as row, loaded.client() as http:
        answers = [http.get(f"/v1/{name}", params=known) for name in (*REPORTS, "aged-balance/groups")]
        checked = tie_out(loaded, "--to", str(BOOKS.today), "--known-at", str(len(BOOKS.log)))
    first = row["position"]
    (found,) = (json.loads(line) for line in checked.stdout.splitlines() if '"EUR"' in line)
    assert (checked.returncode, found["equal"]) == (1, False)
    assert {day["first_position"] for day in found["disagreeing"]} == {first}
    assert {answer.status_code for answer in answers} == {503}
    problem = answers[0].json()
    assert (problem["type"], problem["first_position"]) == ("/problems/figures-do-not-tie", first)
    with loaded.client() as http:
        assert http.get("/v1/aged-balance", params=known).json()["tie_out"]["equal"]
    assert tie_out(loaded, "--from", "2026-02-01", "--to", "2026-01-01").returncode == 2


def test_a_figure_that_does_not_tie_out_is_not_published(loaded: Reporting) -> None:
    plan = {"figure": "turnover-plan", "title": "Plan", "entity_id": ENTITY, "turnover_plan_id": PLAN}
    with loaded.client() as http:
        with damaged(loaded, *MOVED[:2], *MOVED[2]):
            refused = http.post("/v1/figures", json=plan)
        assert refused.status_code == 503, refused.text
        assert "groups (" in refused.json()["detail"]
        assert get(http, "/v1/figures")["data"] == []


def test_figures_that_lack_the_events_of_a_parked_stream_say_so(reporting: Reporting) -> None:
    books = history([(issue, 0, 0, 5000)])
    books.record("inv_" + "9" * 32, replace(_applied(), invoice_id="inv_" + "9" * 32), books.today)

    async def append() -> int:
        ledger = await Ledger.open(reporting.installation.ledger_url("invoice"))
        await ledger.create_ledger(
            "broken", "sandbox", "Europe/Paris", clock_at=datetime(2026, 1, 1, tzinfo=UTC)
        )
        position = await append_facts(ledger, books.log, "broken")
        await ledger.close()
        return position

    position = asyncio.run(append())
    with reporting.client() as http:
        http.headers["Encours-Ledger"] = "broken"
        path, wanted = "/v1/aged-balance", {"min_position": position}
        wait_until(lambda: http.get(path, params=wanted).status_code == 200, "the read model does not follow")
        body = http.get(path, params=wanted).json()
    assert body["incomplete"] is True
    assert body["parked"] == ["inv_" + "9" * 32]
    assert body["totals"]["outstanding"] == {"amount": "50.00", "currency": "EUR"}
    assert body["tie_out"]["equal"]


def _applied() -> PaymentApplied:
    applied = example(PaymentApplied)
    assert isinstance(applied, PaymentApplied)
    return replace(applied, currency="EUR")
