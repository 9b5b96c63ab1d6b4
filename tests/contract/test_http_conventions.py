"""The conventions of every service's API (spec/api.md §1), on a small app with a real ledger and real databases."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from encours.http.batch import AT_ONCE
from encours.ledger import Ledger
from encours.ledger.model import Append
from encours.reading.pages import Page
from encours.testing.http import client_of, grant
from encours.testing.servers import Installation
from shared.tests.http.customers_app import ENTITY, LONG_S, OTHER_ENTITY, TAKES_LONG
from shared.tests.http.served import NEW, app_of


@pytest.fixture
async def api(module_installation: Installation) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app_of(module_installation), await grant(module_installation)) as client:
        yield client


async def head(api: httpx.AsyncClient) -> int:
    answer = await api.get("/v1/customers/cus_" + "0" * 32)
    assert answer.status_code == 404
    made = await api.post("/v1/customers", json=NEW, params={"dry_run": "true"})
    return int(made.headers["Encours-Position"])


async def test_a_write_answers_with_its_version_position_and_place(api: httpx.AsyncClient) -> None:
    made = await api.post("/v1/customers", json=NEW)
    assert made.status_code == 201
    assert made.headers["ETag"] == '"1"'
    assert made.headers["Encours-Ledger"] == "demo"
    assert made.headers["Location"] == f"/v1/customers/{made.json()['id']}"
    read = await api.get(made.headers["Location"])
    assert read.json() == made.json() | {
        "as_of": read.json()["as_of"],
        "known_at": None,
        "position": read.json()["position"],
    }
    assert read.json()["position"] >= int(made.headers["Encours-Position"])


async def test_the_same_request_again_has_one_effect_and_one_answer(api: httpx.AsyncClient) -> None:
    headers = {"Idempotency-Key": "order-1"}
    first = await api.post("/v1/customers", json=NEW, headers=headers)
    reordered = f'{{ "name":"Boulangerie Martin",\n"entity_id":"{ENTITY}"}}'
    json_type = {"Content-Type": "application/json"}
    again = await api.post("/v1/customers", content=reordered.encode(), headers=headers | json_type)
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Encours-Position"] == first.headers["Encours-Position"]
    assert again.headers["ETag"] == first.headers["ETag"]


async def test_an_idempotency_key_belongs_to_one_request(api: httpx.AsyncClient) -> None:
    headers = {"Idempotency-Key": "order-2"}
    await api.post("/v1/customers", json=NEW, headers=headers)
    other = await api.post("/v1/customers", json=NEW | {"name": "Another"}, headers=headers)
    assert other.status_code == 422
    assert other.json()["type"] == "/problems/idempotency-key-reused"


async def test_requests_with_one_key_at_once_have_one_effect(api: httpx.AsyncClient) -> None:
    before = await head(api)
    answers = await asyncio.gather(
        *(api.post("/v1/customers", json=NEW, headers={"Idempotency-Key": "order-3"}) for _ in range(20))
    )
    good = [answer for answer in answers if answer.status_code == 201]
    assert good
    assert len({answer.json()["id"] for answer in good}) == 1
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert all("Retry-After" in answer.headers for answer in answers if answer.status_code == 409)
    assert await head(api) == before + 1


async def test_a_dry_run_answers_events_and_appends_none(api: httpx.AsyncClient) -> None:
    before = await head(api)
    tried = await api.post("/v1/customers", json=NEW, params={"dry_run": "true"})
    assert tried.status_code == 200
    (event,) = tried.json()["events"]
    assert (tried.json()["dry_run"], event["type"], event["data"]["name"]) == (
        True,
        "customer.registered",
        "Boulangerie Martin",
    )
    assert await head(api) == before


async def test_if_match_lets_only_the_version_that_was_read_be_changed(api: httpx.AsyncClient) -> None:
    identifier = (await api.post("/v1/customers", json=NEW)).json()["id"]
    path = f"/v1/customers/{identifier}/notes"
    first = await api.post(path, json={"text": "one"}, headers={"If-Match": '"1"'})
    assert (first.status_code, first.headers["ETag"]) == (200, '"2"')
    stale = await api.post(path, json={"text": "two"}, headers={"If-Match": '"1"'})
    assert (stale.status_code, stale.json()["type"], stale.json()["version"]) == (
        412,
        "/problems/precondition-failed",
        2,
    )
    assert (await api.post(path, json={"text": "two"}, headers={"If-Match": 'W/"2"'})).status_code == 412
    assert (await api.post(path, json={"text": "two"}, headers={"If-Match": '"1", "2"'})).status_code == 200
    assert (await api.post(path, json={"text": "three"}, headers={"If-Match": "*"})).status_code == 200
    repeated = {"If-Match": '"4"', "Idempotency-Key": "note-4"}
    first = await api.post(path, json={"text": "four"}, headers=repeated)
    again = await api.post(path, json={"text": "four"}, headers=repeated)
    assert (again.status_code, again.headers["ETag"], again.json()) == (200, '"5"', first.json())
    same = await api.get(f"/v1/customers/{identifier}", headers={"If-None-Match": '"5"'})
    assert (same.status_code, same.content) == (304, b"")


async def test_another_day_is_another_answer_at_the_same_version(
    api: httpx.AsyncClient, module_installation: Installation
) -> None:
    evening, name = datetime(2026, 3, 31, 21, 59, tzinfo=UTC), "overnight"  # 23:59 in Paris
    ledger = await Ledger.open(module_installation.admin_url())
    try:
        await ledger.create_ledger(name, "sandbox", "Europe/Paris", clock_at=evening)
        api.headers["Encours-Ledger"] = name
        path = (await api.post("/v1/customers", json=NEW)).headers["Location"]
        copy = {"If-None-Match": '"1"'}
        assert (await api.get(path, headers=copy)).status_code == 304
        midnight = evening + timedelta(minutes=1)
        await ledger.append(Append(name, uuid4(), b"clock", (), "tester", clock_at=midnight))
        read = await api.get(path, headers=copy)
        assert (read.status_code, read.headers["ETag"], read.json()["as_of"]) == (200, '"1"', "2026-04-01")
        assert (await api.get(path, params={"as_of": "2026-03-31"}, headers=copy)).status_code == 304
        same = await api.post(f"{path}/notes", json={"text": "again"}, headers={"If-Match": '"1"'})
        assert (same.status_code, same.headers["ETag"]) == (200, '"2"')
    finally:
        await ledger.close()


async def test_known_at_shows_what_was_known_then(api: httpx.AsyncClient) -> None:
    made = await api.post("/v1/customers", json=NEW)
    path, position = made.headers["Location"], made.headers["Encours-Position"]
    await api.post(f"{path}/notes", json={"text": "later"})
    then = await api.get(path, params={"known_at": position, "as_of": "2026-01-31"})
    assert then.json()["notes"] == []
    assert (then.json()["known_at"], then.json()["position"], then.json()["as_of"]) == (
        position,
        int(position),
        "2026-01-31",
    )
    assert (await api.get(path, params={"known_at": "2001-01-01T00:00:00Z"})).status_code == 404
    for more in ({}, {"known_at": position}):
        ahead = await api.get(path, params={"min_position": str(10**9)} | more)
        assert (ahead.status_code, ahead.json()["type"]) == (503, "/problems/position-not-reached")
        assert ahead.headers["Retry-After"]
    future = await api.get(path, params={"known_at": str(10**9)})
    assert (future.status_code, future.json()["type"]) == (422, "/problems/future-position")
    assert (await api.get(path, params={"known_at": "2199-01-01T00:00:00Z"})).json()[
        "type"
    ] == "/problems/future-position"


async def test_a_read_model_that_is_behind_is_waited_for_and_then_said_to_be(api: httpx.AsyncClient) -> None:
    started = asyncio.get_running_loop().time()
    answer = await api.get("/v1/customers", params={"min_position": "1"})
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/position-not-reached")
    assert answer.headers["Retry-After"]
    assert 1.5 < asyncio.get_running_loop().time() - started < 4


async def test_a_bad_item_does_not_sink_the_batch(api: httpx.AsyncClient) -> None:
    before = await head(api)
    items = [NEW, NEW | {"name": ""}, 7, NEW | {"limit": {"amount": "-1.00", "currency": "EUR"}}, NEW]
    answer = await api.post(
        "/v1/customers:batch", json={"items": items}, headers={"Idempotency-Key": "batch-1"}
    )
    assert answer.status_code == 200
    results = answer.json()["results"]
    assert [result["status"] for result in results] == [201, 422, 422, 422, 201]
    assert [result["index"] for result in results] == [0, 1, 2, 3, 4]
    assert results[3]["problem"]["errors"] == [
        {"in": "body", "pointer": "/limit/amount", "detail": "Write an amount above zero."}
    ]
    assert await head(api) == before + 2
    again = await api.post(
        "/v1/customers:batch", json={"items": items}, headers={"Idempotency-Key": "batch-1"}
    )
    assert [result.get("id") for result in again.json()["results"]] == [
        result.get("id") for result in results
    ]
    assert await head(api) == before + 2


async def test_a_batch_key_belongs_to_one_list(api: httpx.AsyncClient) -> None:
    headers = {"Idempotency-Key": "batch-2"}
    await api.post("/v1/customers:batch", json={"items": [NEW | {"name": ""}, NEW]}, headers=headers)
    before = await head(api)
    other = await api.post("/v1/customers:batch", json={"items": [NEW, NEW]}, headers=headers)
    assert (other.status_code, other.json()["type"]) == (422, "/problems/idempotency-key-reused")
    assert await head(api) == before


async def test_a_batch_takes_a_thousand_items(api: httpx.AsyncClient) -> None:
    assert (await api.post("/v1/customers:batch", json={"items": [NEW] * 1000})).json()["succeeded"] == 1000
    assert (await api.post("/v1/customers:batch", json={"items": [NEW] * 1001})).status_code == 422
    assert (await api.post("/v1/customers:batch", json={"items": []})).status_code == 422


async def test_the_trace_of_the_caller_is_stored_with_the_event(
    api: httpx.AsyncClient, module_installation: Installation
) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    headers = {
        b"traceparent": f"00-{trace}-00f067aa0ba902b7-01".encode(),
        b"Request-Id": b"my-request-1",
        b"Encours-Reason": "Accordé par téléphone".encode(),
    }
    made = await api.post("/v1/customers", json=NEW, headers=headers)
    assert made.headers["traceparent"].split("-")[1] == trace
    assert made.headers["Request-Id"] == "my-request-1"
    connection = await asyncpg.connect(module_installation.admin_url())
    row = await connection.fetchrow("select * from ledger.event where stream = $1", made.json()["id"])
    await connection.close()
    assert row is not None
    assert (row["traceparent"], row["reason"]) == (made.headers["traceparent"], "Accordé par téléphone")
    assert row["actor"].startswith("key:")


async def test_scopes_entities_and_ledgers_bound_what_a_key_may(module_installation: Installation) -> None:
    limited = await grant(module_installation, ["invoices:write"], [OTHER_ENTITY])
    async with client_of(app_of(module_installation), limited) as api:
        refused = await api.post("/v1/customers", json=NEW)
        assert (refused.status_code, refused.json()["type"], refused.json()["entity"]) == (
            403,
            "/problems/entity-not-granted",
            ENTITY,
        )
        assert (await api.post("/v1/customers", json=NEW | {"entity_id": OTHER_ENTITY})).status_code == 201
        lacking = await api.get("/v1/customers")
        assert (lacking.status_code, lacking.json()["required"]) == (403, "invoices:read")
        unknown = await api.post("/v1/customers", json=NEW, headers={"Encours-Ledger": "nowhere"})
        assert (unknown.status_code, unknown.json()["type"]) == (404, "/problems/ledger-not-found")
        none = await api.post("/v1/customers", json=NEW, headers={"Authorization": ""})
        assert (none.status_code, none.headers["WWW-Authenticate"][:6]) == (401, "Bearer")
        wrong = await api.post(
            "/v1/customers", json=NEW, headers={"Authorization": f"Bearer {limited.token}x"}
        )
        assert wrong.json()["type"] == "/problems/unauthenticated"


async def test_a_revoked_key_stops_working_within_the_time_it_is_believed(
    module_installation: Installation,
) -> None:
    key = await grant(module_installation)
    async with client_of(app_of(module_installation, key_cache_s=0.0), key) as api:
        assert (await api.post("/v1/customers", json=NEW)).status_code == 201
        connection = await asyncpg.connect(module_installation.admin_url())
        await connection.execute("update ledger.api_key set revoked_at = now() where id = $1", key.id)
        await connection.close()
        assert (await api.post("/v1/customers", json=NEW)).status_code == 401


async def test_a_key_that_the_database_is_slow_to_find_opens_all_the_same(
    module_installation: Installation,
) -> None:
    key = await grant(module_installation)
    holder = await asyncpg.connect(module_installation.admin_url())
    async with client_of(app_of(module_installation, key_cache_s=0.0), key) as api:
        async with holder.transaction():
            await holder.execute("lock table ledger.api_key in access exclusive mode")
            asked = asyncio.create_task(api.post("/v1/customers", json=NEW))
            done, _ = await asyncio.wait([asked], timeout=2.3)
            assert not done, asked.result().text
        assert (await asked).status_code == 201
    await holder.close()


async def test_overload_deadline_and_rate_are_answered_not_queued(module_installation: Installation) -> None:
    key = await grant(module_installation)
    async with client_of(app_of(module_installation, in_flight_max=1, request_timeout_s=0.3), key) as api:
        slow = asyncio.create_task(api.post("/v1/slow"))
        while "encours_http_in_flight 1.0" not in (await api.get("/metrics")).text:
            assert not slow.done()
        refused = await api.get("/v1/customers")
        assert (refused.status_code, refused.json()["type"], refused.headers["Retry-After"]) == (
            503,
            "/problems/overloaded",
            "1",
        )
        assert (await api.get("/livez")).status_code == 200
        late = await slow
        assert (late.status_code, late.json()["type"]) == (503, "/problems/took-too-long")
    async with client_of(app_of(module_installation, rate_burst=2, rate_per_minute=1), key) as api:
        statuses = [(await api.get("/v1/customers/cus_" + "0" * 32)) for _ in range(3)]
        assert [answer.status_code for answer in statuses] == [404, 404, 429]
        assert statuses[0].headers["RateLimit"].startswith('"key";r=1;')
        assert int(statuses[2].headers["Retry-After"]) > 50


async def test_the_deadline_of_a_batch_is_that_of_each_group_of_its_items(
    module_installation: Installation,
) -> None:
    key = await grant(module_installation)
    items = [NEW] * (AT_ONCE + 1)
    items[0] = items[-1] = NEW | {"name": TAKES_LONG}
    app = app_of(module_installation, request_timeout_s=2 * LONG_S - 0.1)
    async with client_of(app, key) as api:
        answer = await api.post("/v1/customers:batch", json={"items": items})
    assert (answer.status_code, answer.json()["failed"]) == (200, 0), answer.text


async def test_pages_show_each_row_once_in_order(cluster: Any) -> None:
    rows = [{"id": f"r{n:02}", "due_on": None if n % 5 == 0 else n % 3} for n in range(40)]
    connection = await asyncpg.connect(cluster.postgres.dsn())
    await connection.execute("create temp table item (id text primary key, due_on int)")
    await connection.executemany(
        "insert into item values ($1, $2)", [(row["id"], row["due_on"]) for row in rows]
    )
    for nullable in (True, False):
        for down in (True, False):
            seen: list[str] = []
            page = Page(7, ("due_on", "id"), down, nullable, None, "check")
            while True:
                where, arguments = page.after(first_argument=1)
                only = "true" if nullable else "due_on is not null"
                found = await connection.fetch(
                    f"select id, due_on from item where {only} and {where} {page.order_by()} limit {page.fetch}",
                    *arguments,
                )
                seen += [row["id"] for row in found[:7]]
                if len(found) <= 7:
                    break
                page = replace(page, last=(found[6]["due_on"], found[6]["id"]))
            end = "nulls last" if nullable else ""
            sign = "desc" if down else "asc"
            whole = await connection.fetch(
                f"select id from item where {only} order by due_on {sign} {end}, id {sign}"
            )
            assert seen == [row["id"] for row in whole]
    await connection.close()
