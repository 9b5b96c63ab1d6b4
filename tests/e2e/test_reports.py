"""Custom reports by HTTP: saved, shared, run as JSON, CSV and XLSX; each key sees what it covers and no more."""

from __future__ import annotations

import csv
import io
import zipfile
from typing import Any

import httpx

from encours.testing.system import System
from tests.e2e.world import ENTITY, World, eur, get_when_reached

ISSUED, TODAY = "2026-01-05", "2026-03-20"
BY_SEGMENT = {
    "name": "Debts by segment",
    "document": {
        "source": "open_items",
        "columns": ["count", "sum:outstanding", "max:days_past_due"],
        "group_by": ["segment"],
        "order": ["-sum:outstanding"],
    },
}


def other_key(world: World, *entities: str) -> tuple[httpx.Client, str]:
    """A client with another key, and its name as an actor."""
    covered = [part for entity in entities for part in ("--entity", entity)]
    made = world.system.json(
        "keys", "create", "--scope", "reports:read", "--scope", "reports:write", "--label", "reader",
        "--ledger", world.ledger, *covered,
    )  # fmt: skip
    client = world.system.client("reporting", world.ledger)
    client.headers["Authorization"] = f"Bearer {made['key']}"
    return client, f"key:{made['id']}"


def run(client: httpx.Client, world: World, report: str, **parameters: Any) -> dict[str, Any]:
    parameters = {"min_position": world.position} | parameters
    return get_when_reached(client, f"/v1/reports/{report}/run", parameters)


def test_a_report_is_saved_shared_run_changed_and_dropped(system: System) -> None:
    world = World.make(system, day=ISSUED)
    http, first = world.client("reporting"), world.entity
    mill = world.customer(name="=Scierie", segment="Public", tags=["late", "key"])
    issued = [
        world.invoice(mill, price, issued_on=ISSUED, terms={"kind": "NET", "days": 30})["id"]
        for price in ("100.00", "50.00")
    ]
    field = {"entity_id": first, "kind": "text", "label": "Site"}
    assert world.client("invoice").put("/v1/custom-fields/invoice/site", json=field).status_code == 200
    patched = world.client("invoice").patch(
        f"/v1/invoices/{issued[1]}/fields", json={"fields": {"site": "Lyon"}}
    )
    assert patched.status_code == 200, patched.text
    contested = {"category": "price", "amount": eur("20.00"), "text": "Too dear"}
    world.post("invoice", f"/v1/invoices/{issued[1]}/disputes", contested)
    double = world.customer(name="Scierie bis")
    second = world.entity = world.post("invoice", "/v1/entities", ENTITY | {"name": "Second"})["id"]
    world.invoice(world.customer(name="Garage"), "10.00", issued_on=ISSUED)
    world.advance(TODAY)
    limited, limited_actor = other_key(world, first)
    other, other_actor = other_key(world)

    made = world.post("reporting", "/v1/reports", BY_SEGMENT)
    report = made["id"]
    assert (made["definition_version"], made["audience"], made["entity_id"]) == (1, "nobody", None)
    assert other.get(f"/v1/reports/{report}/run").json()["type"] == "/problems/report-not-found"
    assert other.patch(f"/v1/reports/{report}", json={"name": "Mine"}).status_code == 404
    assert world.get("reporting", "/v1/reports")["data"][0]["name"] == "Debts by segment"

    found = run(http, world, report)
    assert [
        (row["segment"], row["count"], row["sum:outstanding"], row["max:days_past_due"])
        for row in found["data"]
    ] == [("Public", 2, eur("180.00"), 44), (None, 1, eur("12.00"), 44)]
    assert found["totals"] == [{"currency": "EUR", "rows": 3, "sums": {"sum:outstanding": eur("192.00")}}]
    assert [(each["buckets"], each["equal"]) for each in found["tie_out"]] == [(eur("192.00"), True)]
    assert (found["scope"]["entities"], found["as_of"], found["definition_version"]) == (None, TODAY, 1)
    past = run(http, world, report, as_of=ISSUED)
    assert {row["max:days_past_due"] for row in past["data"]} == {-30}

    shared = {"audience": "actors", "actors": [limited_actor]}
    answer = http.put(f"/v1/reports/{report}/sharing", json=shared)
    assert (answer.status_code, answer.json()["actors"]) == (200, [limited_actor])
    assert other.get(f"/v1/reports/{report}").status_code == 404
    seen = run(limited, world, report)
    assert [row["sum:outstanding"] for row in seen["data"]] == [eur("180.00")]
    assert (seen["scope"]["entities"], seen["tie_out"][0]["ledger"]) == ([first], eur("180.00"))
    assert limited.patch(f"/v1/reports/{report}", json={"name": "x"}).status_code == 404
    mondays: dict[str, Any] = {"name": "Mondays", "rule": {"frequency": "weekly", "weekday": 1}}
    mondays["mail"] = {"report_id": report, "recipients": ["credit@firm.example"]}
    refused = [client.post("/v1/schedules", json=mondays).json()["type"] for client in (limited, other)]
    assert refused == ["/problems/schedule-of-all-entities", "/problems/report-not-found"]
    sharing = [
        http.put(f"/v1/reports/{report}/sharing", json={"audience": audience})
        for audience in ("everyone", "nobody")
    ]
    when_shared = {"known_at": sharing[0].headers["encours-position"]}
    at_the_end = when_shared | {"min_position": sharing[1].headers["encours-position"]}
    assert http.get(f"/v1/reports/{report}", params=when_shared).json()["audience"] == "everyone"
    assert other.get(f"/v1/reports/{report}", params=when_shared).status_code == 404
    assert get_when_reached(other, "/v1/reports", at_the_end)["data"] == []
    http.put(f"/v1/reports/{report}/sharing", json={"audience": "everyone"})
    stolen = other.patch(f"/v1/reports/{report}", json={"name": "x"})
    assert (stolen.status_code, stolen.json()["type"]) == (403, "/problems/report-not-yours")
    listed = get_when_reached(other, "/v1/reports", {"min_position": world.position})["data"]
    assert [each["id"] for each in listed] == [report]

    document = {
        "source": "open_items",
        "columns": ["customer_name", "outstanding"],
        "order": ["-outstanding"],
        "limit": 2,
    }
    changed = http.patch(f"/v1/reports/{report}", json={"document": document}, headers={"If-Match": '"5"'})
    assert (changed.status_code, changed.json()["definition_version"]) == (200, 2)
    assert (
        http.patch(f"/v1/reports/{report}", json={"name": "y"}, headers={"If-Match": '"5"'}).status_code
        == 412
    )
    table = http.get(f"/v1/reports/{report}/run", params={"format": "csv"})
    assert table.headers["content-disposition"] == f'attachment; filename="debts-by-segment-{TODAY}.csv"'
    assert list(csv.reader(io.StringIO(table.content.decode("utf-8-sig")))) == [
        ["customer_name", "outstanding", "currency"],
        ["'=Scierie", "120.00", "EUR"],
        ["'=Scierie", "60.00", "EUR"],
    ]
    sheet = http.get(f"/v1/reports/{report}/run", params={"format": "xlsx"})
    assert zipfile.ZipFile(io.BytesIO(sheet.content)).testzip() is None
    assert run(http, world, report)["left_out"] == 1

    bad = http.patch(f"/v1/reports/{report}", json={"document": document | {"columns": ["colour"]}})
    assert (bad.status_code, bad.json()["type"]) == (422, "/problems/report-contradiction")
    assert bad.json()["errors"][0]["pointer"] == "/document/columns/0"
    unknown = {"columns": ["field:chanel", "outstanding"], "group_by": [], "order": []} | {
        "conditions": [{"column": "invoice_field:sight", "operator": "is", "values": ["Lyon"]}]
    }
    for bad in (
        http.post("/v1/reports", json=BY_SEGMENT | {"document": document | unknown}),
        http.patch(f"/v1/reports/{report}", json={"document": document | unknown}),
    ):
        assert (bad.status_code, bad.json()["type"]) == (422, "/problems/report-contradiction")
        assert [each["pointer"] for each in bad.json()["errors"]] == [
            "/document/columns/0",
            "/document/conditions/0/column",
        ]
        assert "No custom field of customers has the code chanel" in bad.text
    foreign = limited.post("/v1/reports", json=BY_SEGMENT | {"entity_id": second})
    assert (foreign.status_code, foreign.json()["type"]) == (403, "/problems/entity-not-granted")
    nowhere = http.post("/v1/reports", json=BY_SEGMENT | {"entity_id": "ent_" + "0" * 32})
    assert nowhere.status_code == 404
    own = limited.post("/v1/reports", json=BY_SEGMENT)
    assert (own.status_code, own.json()["entity_id"]) == (201, first)
    assert http.get(f"/v1/reports/{own.json()['id']}").status_code == 404

    by_site: dict[str, Any] = {
        "source": "open_items",
        "columns": ["sum:outstanding"],
        "group_by": ["invoice_field:site"],
    }
    by_site |= {"conditions": [{"column": "invoice_field:site", "operator": "not_empty"}]}
    assert http.patch(f"/v1/reports/{report}", json={"document": by_site}).status_code == 200
    (row,) = run(http, world, report)["data"]
    assert row == {"invoice_field:site": "Lyon", "currency": "EUR", "sum:outstanding": eur("60.00")}
    assert run(http, world, report, known_at=1)["data"] == []
    contested_key: dict[str, Any] = {
        "source": "open_items",
        "columns": ["tags", "dispute_state", "dispute_reason", "collector", "disputed", "insured"],
        "conditions": [
            {"column": "tags", "operator": "is", "values": ["key"]},
            {"column": "dispute_reason", "operator": "is", "values": ["price", "quality"]},
        ],
    }
    assert http.patch(f"/v1/reports/{report}", json={"document": contested_key}).status_code == 200
    (row,) = run(http, world, report)["data"]
    assert (row.pop("disputed"), row.pop("insured"), row.pop("currency")) == (
        eur("20.00"),
        eur("0.00"),
        "EUR",
    )
    assert row == {"tags": "key, late", "dispute_state": "open", "dispute_reason": "price", "collector": None}

    told = world.get("reporting", f"/v1/entities/{first}/timeline", lang="fr", limit=200)["data"]
    said = [each["summary"] for each in told]
    assert said[0] == f"Entité {ENTITY['name']} créée, comptes en EUR"
    assert said[-1] == f"État {BY_SEGMENT['name']} enregistré par {limited_actor}, version 1"
    assert not any("customer_id" in each["data"] for each in told)
    unseen = limited.get(f"/v1/entities/{first}/timeline").json()["type"]
    assert unseen == "/problems/missing-scope"

    assert http.delete(f"/v1/reports/{report}").json()["dropped"]
    assert http.get(f"/v1/reports/{report}/run").status_code == 404
    assert other_actor != limited_actor
    sources = {each["name"]: each for each in http.get("/v1/report-sources").json()["data"]}
    for name, source in sources.items():
        columns = [each["name"] for each in source["columns"]]
        every = {"name": name, "entity_id": first, "document": {"source": name, "columns": columns}}
        shown = run(http, world, world.post("reporting", "/v1/reports", every)["id"])
        assert [each["name"] for each in shown["columns"]] == columns
        assert all(each["equal"] for each in shown["tie_out"]), name

    merged = world.send("invoice", f"/v1/customers/{double}/merge", {"into": mill})
    assert merged.status_code == 200, merged.text
    of_double = {"column": "customer_id", "operator": "is", "values": [double]}
    document = {"source": "open_items", "columns": ["sum:outstanding"], "conditions": [of_double]}
    of_both = world.post("reporting", "/v1/reports", {"name": "Mill", "document": document})["id"]
    known = world.position
    assert [row["sum:outstanding"] for row in run(http, world, of_both)["data"]] == [eur("180.00")]
    paid = {"entity_id": first, "customer_id": mill, "received_on": TODAY}
    world.post("invoice", "/v1/payments", paid | {"amount": {"amount": "5.00", "currency": "USD"}})
    world.post("invoice", "/v1/payments", {**paid, "customer_id": None, "amount": eur("7.00")})
    document = {
        "source": "turnover",
        "columns": ["sum:collected"],
        "group_by": ["entity_name", "customer_id"],
    }
    document["conditions"] = [{"column": "collected", "operator": "at_least", "values": ["6.00"]}]
    collected = world.post("reporting", "/v1/reports", {"name": "Collected", "document": document})["id"]
    (unknown,) = run(http, world, collected)["data"]
    assert (unknown["entity_name"], unknown["customer_id"]) == (ENTITY["name"], None)
    for parameters, currencies in (({}, ["EUR", "USD"]), ({"known_at": known}, ["EUR"])):
        shown = run(http, world, of_both, **parameters)
        assert [each["currency"] for each in shown["tie_out"]] == currencies
