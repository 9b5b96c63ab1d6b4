"""Grades of a customer, and deadlines of credit insurance, as model, days and money change, in all processes."""

from __future__ import annotations

from typing import Any

from encours.testing.system import System
from encours.testing.waiting import wait_until
from tests.e2e.post_insurance import TERMS
from tests.e2e.world import LIMIT_FORMULA, World, eur, line

TODAY, LATER = "2026-03-20", "2026-04-01"


def graded(world: World) -> list[tuple[Any, Any]]:
    """Previous and new grade of each event."""
    found = world.get("reporting", "/v1/events", type="score.graded")["data"]
    return [(each["data"]["previous"], each["data"]["grade"]) for each in found]


def becomes(world: World, *grades: tuple[Any, Any]) -> None:
    wait_until(lambda: len(graded(world)) >= len(grades), f"no grade after {graded(world)}")
    assert graded(world) == list(grades)


def test_a_customer_is_graded_as_a_model_is_activated_a_day_opens_and_money_comes(system: System) -> None:
    world = World.make(system, day=TODAY)
    customer = world.customer()
    terms = {"kind": "NET", "days": 30}
    world.invoice(customer, "100.00", issued_on="2026-01-05", terms=terms)
    refused = world.send("risk", "/v1/score-models", {})
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/history-too-short")
    models = world.post("risk", "/v1/score-models/default-1/activate", {"text": "Until there is a history"})
    assert (models["active"], models["active_since"]) == ("default-1", TODAY)
    becomes(world, (None, "C"))

    world.advance(LATER)
    becomes(world, (None, "C"), ("C", "D"))
    order = {"customer_id": customer, "amount": eur("10.00")}
    checked = world.post("risk", "/v1/checks", order)
    assert (checked["grade_seen"], checked["model_seen"]) == ("D", "default-1")
    assert "weak-payment-behaviour" in [reason["code"] for reason in checked["reasons"]]
    blocked = world.post("risk", "/v1/reservations", order | {"order_ref": "WEB-1"})["id"]
    world.post("risk", f"/v1/reservations/{blocked}/override", {"text": "Transfer announced"})

    world.payment(customer, "120.00", LATER, allocations=[])
    becomes(world, (None, "C"), ("C", "D"), ("D", "C"))
    shown = world.get("risk", f"/v1/customers/{customer}/score")["forecast"]
    assert (shown["grade"], shown["settled_late"], shown["open_late_invoices"]) == ("C", 1, 0)
    past = world.get(
        "risk", f"/v1/customers/{customer}/score", as_of=TODAY, known_at=checked["seen_position"]
    )
    assert (past["forecast"]["grade"], past["forecast"]["open_late_invoices"]) == ("C", 1)
    for decision, kinds in ((checked["decision_id"], ["check"]), (blocked, ["order", "override"])):
        again = world.post("risk", f"/v1/decisions/{decision}/reperform")
        assert [each["differences"] for each in again["decisions"]] == [[]] * len(kinds)
        assert ([each["kind"] for each in again["decisions"]], again["equal"]) == (kinds, True)
    _limit_is_proposed_and_reviewed(world, customer)
    _terms_are_proposed_and_accepted(world, customer)
    again = {"check": 1, "grade": 3, "limit": 2, "limit_request": 1, "order": 1, "override": 1}
    on_terms = {"terms": 2, "terms_answer": 1, "terms_withdrawal": 1}
    assert world.decisions_follow() == again | on_terms
    _facts_are_told_and_a_notice_asks_for_a_review(world, customer)
    told = str(world.get("reporting", f"/v1/customers/{customer}/timeline", lang="en"))
    assert "Payment grade D (model default-1)" in told


def _limit_is_proposed_and_reviewed(world: World, customer: str) -> None:
    client = world.client("risk")
    formula = client.put(f"/v1/entities/{world.entity}/limit-formula", json=LIMIT_FORMULA)
    assert (formula.status_code, formula.json()["version"]) == (200, 1)
    filed = {"closed_on": "2024-12-31", "equity": eur("900.00"), "source": "Registry"}
    world.post("risk", f"/v1/customers/{customer}/financials", filed)
    proposed = world.get("risk", f"/v1/customers/{customer}/limit-proposal")
    assert [(each["name"], each["amount"]["amount"]) for each in proposed["components"]] == [
        ("turnover", "60.00"),
        ("equity", "90.00"),
    ]
    assert (proposed["grade"], proposed["amount"]) == ("C", eur("40.00"))
    request = world.post("risk", "/v1/limit-requests", {"customer_id": customer})
    assert (request["amount"], request["valid_until"]) == (eur("40.00"), "2026-04-21")
    assert request["proposal"]["components"] == proposed["components"]
    world.post("risk", f"/v1/limit-requests/{request['id']}/approve", {})
    (review,) = world.get("risk", "/v1/reviews", until="2026-05-31")["data"]
    assert [(each["kind"], each["due_on"]) for each in review["causes"]] == [
        ("no_recent_file", "2026-02-04"),
        ("expiry", "2026-04-21"),
    ]
    renewal = {
        "customer_id": customer, "amount": eur("40.00"), "max_days_past_due": 60, "evidence": "Renewed",
        "valid_from": "2026-04-22",
    }  # fmt: skip
    renewed = world.post("risk", "/v1/limit-requests", renewal)["id"]
    world.post("risk", f"/v1/limit-requests/{renewed}/approve", {})
    (review,) = world.get("risk", "/v1/reviews", until="2026-05-31")["data"]
    assert [each["kind"] for each in review["causes"]] == ["no_recent_file"]
    later = {"until": "2026-06-30", "text": "Accounts are filed in June"}
    world.post("risk", f"/v1/customers/{customer}/review/postpone", later)
    assert world.get("risk", "/v1/reviews", until="2026-05-31")["data"] == []


def _terms_are_proposed_and_accepted(world: World, customer: str) -> None:
    path = f"/v1/customers/{customer}/terms-proposals"
    world.post("risk", path, {"kind": "guarantee", "amount": eur("50.00"), "text": "Grade C"})
    rules = [{"kind": "deposit", "grades": ["C", "D"], "share_bps": 3_000}]
    policy = world.client("risk").put(f"/v1/entities/{world.entity}/credit-policy", json={"terms": rules})
    assert policy.json()["terms"][0]["grades"] == ["C", "D"], policy.text
    wait_until(lambda: len(world.get("risk", path)["data"]) == 2, "the rule proposes nothing")
    nothing = world.send("risk", path, {})
    assert (nothing.status_code, nothing.json()["type"]) == (409, "/problems/no-terms-by-rule")
    answered = world.post("risk", f"{path}/2/accept", {"text": "Agreed by phone"})
    assert [(each["state"], each["figures"]["grade"]) for each in answered["data"]] == [
        ("proposed", "C"),
        ("accepted", "C"),
    ]
    shown = world.get("risk", path)
    proposal = shown["data"][1]
    assert (proposal["effect"]["before"]["late"], proposal["effect"]["since"]["invoices"]) == (1, 0)
    assert (proposal["basis"]["policy_version"], shown["now"]["grade"]) == (1, "C")
    effect = world.get("risk", f"{path}/2/effect")
    assert (effect["own"], effect["peers"]["customers"]) == (proposal["effect"], 0)

    def deposit() -> int | None:
        found: int | None = (world.get("invoice", f"/v1/customers/{customer}")["terms"] or {}).get(
            "deposit_bps"
        )
        return found

    wait_until(lambda: deposit() == 3_000, "invoice-svc does not follow the accepted terms")
    order = {"entity_id": world.entity, "customer_id": customer, "lines": [line("100.00")]}
    assert world.post("invoice", "/v1/orders", order)["deposit"] == eur("36.00")
    world.post("risk", f"{path}/2/withdraw", {"text": "Pays in time"})
    wait_until(lambda: deposit() is None, "invoice-svc does not end the terms")


def _facts_are_told_and_a_notice_asks_for_a_review(world: World, customer: str) -> None:
    path = f"/v1/customers/{customer}/facts"
    notice = {
        "kind": "insolvency_notice",
        "source": "register",
        "observed_on": "2026-03-25",
        "text": "Receivership",
    }
    before = world.position
    world.post("risk", path, notice)
    (told,) = world.get("risk", path)["data"]
    assert (told["number"], told["in_force"], told["withdrawn"]) == (1, True, False)
    assert world.get("risk", path, as_of="2026-03-24")["data"] == []
    assert world.get("risk", path, known_at=before)["data"] == []
    (asked,) = world.get("risk", "/v1/reviews", until="2026-05-31")["data"]
    assert [each["kind"] for each in asked["causes"]] == ["insolvency_notice"]
    late = world.send("risk", path, notice | {"observed_on": "2027-01-01"})
    assert (late.status_code, late.json()["errors"][0]["pointer"]) == (422, "/observed_on")
    unread = world.send(
        "risk", f"/v1/customers/{customer}/register-extracts", {"register": "x", "document": {}}
    )
    assert unread.status_code == 422
    world.post("risk", f"{path}/1/withdraw", {"text": "Another customer"})
    assert world.get("risk", "/v1/reviews", until="2026-05-31")["data"] == []
    made = world.post("risk", f"/v1/customers/{customer}/credit-comments", {"text": "Pays late in summer"})
    assert world.get("risk", f"/v1/customers/{customer}/credit-comments")["data"][0]["text"] == made["text"]


def test_an_insured_debt_is_alerted_missed_and_stops_the_cover_as_days_open(system: System) -> None:
    world = World.make(system, day=TODAY)
    customer = world.customer()
    terms = TERMS | {"notice_days": 12, "hand_over_days": 14, "stop_days": 12}
    contract = {
        "entity_id": world.entity, "insurer": "Coface", "policy_number": "FR-4711", "currency": "EUR",
        "valid_from": "2026-01-01", "terms": terms | {"turnover": None},
    }  # fmt: skip
    answer = world.client("risk").put("/v1/insurance-contracts/C26", json=contract)
    assert answer.status_code == 200, answer.text
    cover = {"contract_code": "C26", "amount": eur("5000.00")}
    world.post("risk", f"/v1/customers/{customer}/covers", cover)
    invoice = world.invoice(customer, "100.00", terms={"kind": "NET", "days": 1})
    assert invoice["due_on"] == "2026-03-21"
    world.advance("2026-04-06")

    def told(type_name: str) -> list[tuple[Any, str]]:
        found = world.get("reporting", "/v1/events", type=type_name)["data"]
        return sorted((each["data"].get("kind"), each["effective_on"]) for each in found)

    kinds = ("hand_over", "overdue_notice", "stop_of_cover")
    wait_until(lambda: len(told("insurance_cover.stopped")) == 1, "no cover stops")
    assert told("insurance_deadline.alerted") == [(kind, "2026-03-21") for kind in kinds]
    wait_until(lambda: len(told("insurance_deadline.missed")) == 2, "no deadline is missed")
    assert told("insurance_deadline.missed") == [(kind, "2026-04-03") for kind in kinds[:2]]
    assert told("insurance_cover.stopped") == [(None, "2026-04-03")]
    again = world.decisions_follow()
    assert (again["cover_stop"], again["deadline"]) == (1, 5)
