"""Early warnings, account opening and the credit file through all processes."""

from __future__ import annotations

from typing import Any

from encours.testing.system import System
from encours.testing.waiting import wait_until
from tests.e2e.world import World, eur


def test_a_warning_is_raised_once_an_episode_seen_at_both_dates_and_ended(system: System) -> None:
    world = World.make(system, day="2026-03-20")
    path, rules = f"/v1/entities/{world.entity}/warning-rules", {"concentration": {"least_debtors": 1}}
    shipped = world.get("risk", path)
    assert (shipped["version"], shipped["concentration"]["least_debtors"]) == (0, 10)
    for wrong in ({"slowing_payments": {"keep_tenths": 50}}, {"concentration": {"share_bps": 0}}, {"x": 1}):
        refused = world.client("risk").put(path, json=wrong)
        assert refused.status_code == 422, refused.text
    answer = world.client("risk").put(path, json=rules)
    assert (answer.status_code, answer.json()["version"]) == (200, 1)

    customer = world.customer()
    invoice = world.invoice(customer, "100.00", issued_on="2026-03-20")["id"]

    def known(**asked: Any) -> list[tuple[Any, Any]]:
        found = world.get("risk", "/v1/warnings", customer_id=customer, **asked)["data"]
        return [(each["episode"], each["state"]) for each in found]

    def becomes(day: str, *wanted: tuple[int, str]) -> None:
        world.advance(day)
        wait_until(lambda: known() == list(wanted), f"{wanted} is not {known()}")

    assert known() == []
    becomes("2026-03-22", (1, "raised"))
    (raised,) = world.get("risk", "/v1/warnings", kind="concentration", state="raised")["data"]
    figures = {each["name"]: each["after"] for each in raised["figures"]}
    assert (figures["share_bps"], figures["open_minor"], raised["currency"]) == (10_000, 120_00, "EUR")
    assert (raised["knowable_on"], raised["rules_version"]) == ("2026-03-21", 1)
    assert known(as_of="2026-03-20") == known(known_at=raised["seen_position"]) == []
    assert world.get("risk", "/v1/warnings", state="ended")["data"] == []

    acknowledge = f"/v1/warnings/{raised['id']}/acknowledge"
    assert world.post("risk", acknowledge, {"text": "A new key account"})["state"] == "acknowledged"
    again = world.send("risk", acknowledge, {"text": "Another note"})
    assert (again.status_code, again.json()["type"]) == (409, "/problems/warning-already-acknowledged")
    assert world.send("risk", acknowledge, {}).status_code == 422
    unknown = world.send("risk", f"/v1/warnings/wrn_{0:032x}/acknowledge", {"text": "No"})
    assert (unknown.status_code, unknown.json()["type"]) == (404, "/problems/credit-warning-not-found")

    share = [{"invoice_id": invoice, "amount": {"amount": "120.00", "currency": "EUR"}}]
    world.payment(customer, "120.00", "2026-03-22", allocations=share)
    becomes("2026-03-23", (1, "ended"))
    world.invoice(customer, "50.00", issued_on="2026-03-23")
    becomes("2026-03-24", (2, "raised"), (1, "ended"))
    first = world.get("risk", f"/v1/warnings/{raised['id']}")
    assert (first["state"], first["note"], first["ended_on"]) == ("ended", "A new key account", "2026-03-23")
    then = world.get("risk", f"/v1/warnings/{raised['id']}", as_of="2026-03-22")
    assert (then["state"], then["ended_on"]) == ("acknowledged", None)
    told = str(world.get("reporting", f"/v1/customers/{customer}/timeline", lang="fr"))
    assert "Alerte précoce : concentration, épisode 2" in told


def test_orders_are_referred_until_the_account_is_open_and_the_file_shows_it(system: System) -> None:
    world = World.make(system, day="2026-03-20")
    known = world.customer()
    items = [{"code": "identity", "label": "Identity checked"}]
    checklist = {"currency": "EUR", "items": items, "refers": True}
    path = f"/v1/entities/{world.entity}/account-checklist"
    assert world.client("risk").get(path).status_code == 404
    assert world.client("risk").put(path, json=checklist).status_code == 200
    customer = world.customer()
    for each in (known, customer):
        body = {"customer_id": each, "amount": eur("500.00"), "max_days_past_due": 30, "evidence": "Call"}
        limit = world.post("risk", "/v1/limit-requests", body)["id"]
        world.post("risk", f"/v1/limit-requests/{limit}/approve", {})

    def checked(who: str) -> tuple[str, str, list[str]]:
        found = world.post("risk", "/v1/checks", {"customer_id": who, "amount": eur("100.00")})
        return found["decision_id"], found["decision"], [each["code"] for each in found["reasons"]]

    assert checked(known)[1] == "accept"
    decision, *referred = checked(customer)
    assert referred == ["refer", ["account-not-opened"]]
    made = system.json("keys", "create", "--scope", "*", "--label", "sales", "--ledger", world.ledger)
    sales = {"Authorization": f"Bearer {made['key']}"}
    opening = f"/v1/customers/{customer}/account-opening"
    asked = {"amount": eur("500.00"), "text": "New dealer"}
    assert world.send("risk", opening, asked, headers=sales).json()["missing"] == ["identity"]
    refused = world.send("risk", f"{opening}/open", {"text": "Complete"})
    assert (refused.status_code, refused.json()["missing"]) == (409, ["identity"])
    assert world.send("risk", f"{opening}/items/other/complete", {"text": "x"}).status_code == 404
    done = {"text": "Passport", "evidence_sha256": ["ab" * 32]}
    assert world.send("risk", f"{opening}/items/identity/complete", done, headers=sales).status_code == 200
    assert world.send("risk", f"{opening}/open", {"text": "x"}, headers=sales).status_code == 403
    assert world.post("risk", f"{opening}/open", {"text": "Complete"})["state"] == "open"
    assert checked(customer)[1] == "accept"
    (again,) = world.post("risk", f"/v1/decisions/{decision}/reperform")["decisions"]
    assert again["differences"] == []

    world.post("risk", f"/v1/customers/{customer}/credit-comments", {"text": "A good one"})
    file = world.get("risk", f"/v1/customers/{customer}/credit-file")
    assert (file["account"]["state"], file["comments"][0]["text"]) == ("open", "A good one")
    assert [each["state"] for each in file["limit_requests"]] == ["approved"]
    assert [each["type"] for each in file["timeline"]] == [
        "credit_comment.made", "credit.checked", "account_opening.opened", "account_opening.item_done",
        "account_opening.requested", "credit.checked", "limit.approved", "limit.requested",
    ]  # fmt: skip
    then = world.get("risk", f"/v1/customers/{customer}/credit-file", as_of="2026-03-19")
    assert (then["account"], then["timeline"], then["limit"]) == (None, [], None)
