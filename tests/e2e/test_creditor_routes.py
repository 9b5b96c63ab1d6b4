"""Settings of a creditor over HTTP: bank accounts, VAT periods, letterhead, display of numbers, approval, disputes."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from encours.testing.system import System
from tests.e2e.world import World, eur

FIRST, SECOND = "FR7630006000011234567890189", "DE89370400440532013000"


@pytest.fixture(scope="module")
def world(system: System) -> World:
    """A creditor in a live ledger."""
    return World.make(system)


def entity(world: World, **dates: Any) -> dict[str, Any]:
    return world.get("invoice", f"/v1/entities/{world.entity}", **dates)


def refused(world: World, path: str, body: dict[str, Any]) -> tuple[int, str, str]:
    answer = world.client("invoice").put(path, json=body)
    problem = answer.json()
    return answer.status_code, problem["type"], problem["errors"][0]["pointer"]


def test_a_bank_account_is_in_force_from_its_day_on(world: World) -> None:
    at, today = f"/v1/entities/{world.entity}/bank-accounts", date.fromisoformat(world.today)
    tomorrow = (today + timedelta(days=1)).isoformat()
    first = {"iban": FIRST, "bic": "AGRIFRPP", "valid_from": today.isoformat(), "holder": "Lumière"}
    world.put(at, first)
    shown = world.put(at, {"iban": SECOND, "valid_from": tomorrow})
    assert [(each["iban"], each["in_force"]) for each in shown["bank_accounts"]] == [
        (FIRST, True),
        (SECOND, False),
    ]
    assert shown["bank_accounts"][0] | first == shown["bank_accounts"][0]
    assert world.put(at, first)["version"] == shown["version"], "set once"
    world.system.wait_caught_up(world.ledger)
    assert not any(model["parked"] for model in world.system.read_models("dunning", world.ledger))
    bad = refused(world, at, first | {"iban": "FR7630006000011234567890188"})
    assert bad == (422, "/problems/invalid-request", "/iban")


def test_the_vat_period_decides_what_is_closed(world: World) -> None:
    today = date.fromisoformat(world.today)
    before = entity(world)
    assert before["vat_regime"] == "yearly"
    since = date(today.year - 1, 1, 1).isoformat()
    shown = world.put(f"/v1/entities/{world.entity}/vat-regime", {"regime": "monthly", "valid_from": since})
    assert (shown["vat_regime"], shown["closed_until"] >= before["closed_until"]) == ("monthly", True)
    earlier = entity(world, as_of=date(today.year - 2, 12, 31).isoformat())
    assert earlier["vat_regime"] == "yearly"


def test_the_letterhead_is_shown_and_cleared(world: World) -> None:
    letterhead = {
        "registration": "RCS Paris 552 100 554", "share_capital": eur("10000.00"), "phone": "+33 1 23 45 67 89",
        "email": "compta@lumiere.example", "website": "https://lumiere.example", "logo": None,
    }  # fmt: skip
    path = f"/v1/entities/{world.entity}"
    shown = world.client("invoice").patch(path, json={"letterhead": letterhead}).json()
    assert shown["letterhead"] == letterhead
    assert entity(world)["letterhead"] == letterhead
    world.client("invoice").patch(path, json={"letterhead": None})
    assert entity(world)["letterhead"] is None


def test_numbers_are_shown_in_the_text_of_their_day_and_stay_what_they_are(world: World) -> None:
    at, today = f"/v1/entities/{world.entity}/series/FAC/display", world.today
    tomorrow = (date.fromisoformat(today) + timedelta(days=1)).isoformat()
    customer = world.customer(external_ref="C-77")
    plain = world.invoice(customer)
    assert plain["display_number"] == plain["number"]
    world.put(at, {"template": "{customer_ref}/{number} {reference}", "valid_from": today})
    world.put(at, {"template": None, "valid_from": tomorrow})
    shown, without = world.invoice(customer, reference="PO 9"), world.invoice(world.customer())
    assert shown["display_number"] == f"C-77/{shown['number']} PO 9"
    assert without["display_number"] == without["number"]
    assert world.get("invoice", f"/v1/invoices/{plain['id']}")["display_number"] == plain["number"]
    (series,) = [each for each in entity(world)["series"] if each["code"] == "FAC"]
    assert series["display"] == "{customer_ref}/{number} {reference}"
    bad = refused(world, at, {"template": "without one", "valid_from": today})
    assert bad == (422, "/problems/invalid-request", "/template")
    unknown = world.client("invoice").put(
        at.replace("FAC", "XYZ"), json={"template": None, "valid_from": today}
    )
    assert (unknown.status_code, unknown.json()["type"]) == (404, "/problems/series-not-found")


def test_a_draft_is_approved_by_another_before_its_issue(system: System, world: World) -> None:
    """The admin drafts and issues; a key with the scope for it approves and rejects."""
    director = system.json(
        "keys", "create", "--label", "director", "--ledger", world.ledger,
        "--scope", "invoices:approve", "--scope", "invoices:read",
    )  # fmt: skip
    rules = [{"from": eur("100.00"), "role": "director"}]
    approvers = [{"role": "director", "key": director["id"]}]
    shown = world.put(f"/v1/entities/{world.entity}/approval", {"rules": rules, "approvers": approvers})
    assert shown["approval"]["rules"] == rules
    draft = world.post("invoice", "/v1/invoices", world.draft_body(world.customer()))
    at = f"/v1/invoices/{draft['id']}"
    required = world.send("invoice", f"{at}/issue", {})
    assert (required.status_code, required.json()["type"]) == (409, "/problems/approval-required")
    with system.client("invoice", world.ledger) as person:
        person.headers["Authorization"] = f"Bearer {director['key']}"
        world.post("invoice", f"{at}/submit")
        assert ids(world, status="submitted") == [draft["id"]]
        rejected = person.post(f"{at}/reject", json={"reason": "Price of the list"}).json()
        assert (rejected["approval"]["status"], rejected["approval"]["cause"]) == (
            "rejected",
            "Price of the list",
        )
        world.client("invoice").patch(at, json={"reference": "PO 10"})
        world.post("invoice", f"{at}/submit")
        own = world.send("invoice", f"{at}/approve")
        assert own.status_code == 403, own.text
        approved = person.post(f"{at}/approve").json()
    assert (approved["status"]["document"], approved["approval"]["role"]) == ("approved", "director")
    assert ids(world, status="approved") == [draft["id"]]
    assert world.post("invoice", f"{at}/issue", {})["status"]["document"] == "issued"
    assert ids(world, status="approved") == ids(world, status="submitted") == []


def ids(world: World, **filters: str) -> list[str]:
    found = world.get("invoice", "/v1/invoices", entity_id=world.entity, **filters)["data"]
    return [each["id"] for each in found]


def test_rules_for_disputes_are_set_and_shown(world: World) -> None:
    of_entity = {"entity_id": world.entity}
    customer = world.customer()
    world.put("/v1/deduction-codes/PR-04", of_entity | {"category": "price", "label": "Écart de prix"})
    world.put("/v1/deduction-codes/pr-04", of_entity | {"category": "penalty", "customer_id": customer})
    codes = world.get("invoice", "/v1/deduction-codes", **of_entity)["codes"]
    assert [(each["code"], each["customer_id"], each["category"]) for each in codes] == [
        ("PR-04", None, "price"),
        ("PR-04", customer, "penalty"),
    ]
    rule = {"owner": "Sales administration", "answer_days": 10}
    world.put("/v1/dispute-categories/price", of_entity | rule)
    (shown,) = world.get("invoice", "/v1/dispute-categories", **of_entity)["categories"]
    assert shown | rule | {"alert_days": 3, "in_force": True} == shown


def test_figures_of_a_creditor_are_of_its_own_day(world: World) -> None:
    """Kiritimati is 25 hours ahead of Pago Pago, so that it is never the same day on both, or on one and in Paris."""
    shown = []
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
        creditor = world.post("invoice", "/v1/entities", {"name": zone, "time_zone": zone, "country": "GB"})[
            "id"
        ]
        debtor = world.customer(entity_id=creditor)
        invoice = world.invoice(debtor, entity_id=creditor)
        body = world.get("reporting", "/v1/aged-balance", entity_id=creditor)
        assert (body["as_of"], body["totals"]["outstanding"]) == (invoice["issued_on"], invoice["total"])
        exposed = world.get("risk", f"/v1/customers/{debtor}/exposure")
        assert (exposed["as_of"], exposed["whole"]["components"]["open"]) == (body["as_of"], invoice["total"])
        told = world.get("reporting", f"/v1/customers/{debtor}/timeline")
        assert told["as_of"] == body["as_of"]
        assert "invoice.issued" in [each["type"] for each in told["data"]]
        figure = {"figure": "past-90", "title": "Today", "entity_id": creditor}
        published = world.post("reporting", "/v1/figures", figure)
        assert published["figure_as_of"] == invoice["issued_on"]
        listed = world.get("reporting", "/v1/figures", entity_id=creditor)["data"]
        assert [each["id"] for each in listed] == [published["id"]]
        own_reports_are_of_today(world, creditor, body["as_of"], f"/v1/figures/{published['id']}")
        shown.append(date.fromisoformat(body["as_of"]))
    assert timedelta(days=1) <= shown[0] - shown[1] <= timedelta(days=2)


def own_reports_are_of_today(world: World, creditor: str, today: str, figure: str) -> None:
    """Anything that a creditor has just published, saved or changed is there, on its own day."""
    reporting, of_entity = world.client("reporting"), {"entity_id": creditor}
    month = {"month": today[:7], "billed": "80.00"}
    plan = {
        "code": "day",
        "title": "First",
        "currency": "EUR",
        "by": "entity",
        "targets": [month],
    } | of_entity
    world.post("reporting", "/v1/turnover-plans", plan)
    plan_id = world.post("reporting", "/v1/turnover-plans", plan | {"title": "Now"})["id"]
    document = {"source": "open_items", "columns": ["number"]}
    report = world.post("reporting", "/v1/reports", {"name": "First", "document": document} | of_entity)["id"]
    reporting.patch(f"/v1/reports/{report}", json={"name": "Now"}).raise_for_status()
    rule = {"frequency": "daily", "hour": 7}
    mail = {"report_id": report, "recipients": ["credit@firm.example"]}
    scheduled = {"name": "First", "rule": rule, "mail": mail}
    schedule = world.post("reporting", "/v1/schedules", scheduled)["id"]
    reporting.put(f"/v1/schedules/{schedule}", json=scheduled | {"name": "Now"}).raise_for_status()
    for path, field, value in (
        (figure, "title", "Today"),
        (f"/v1/turnover-plans/{plan_id}", "title", "Now"),
        (f"/v1/reports/{report}", "name", "Now"),
        (f"/v1/schedules/{schedule}", "name", "Now"),
    ):
        shown = world.get("reporting", path)
        assert (shown[field], shown["as_of"]) == (value, today)
    run = world.get("reporting", f"/v1/reports/{report}/run")
    assert (run["as_of"], len(run["data"])) == (today, 1)
