"""A request for every POST route of risk-svc, each with what it presupposes."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from encours.testing.waiting import wait_until
from tests.e2e.post_dunning import Make, Request
from tests.e2e.world import World, eur


def _limit_body(world: World) -> dict[str, Any]:
    return {
        "customer_id": world.customer(),
        "amount": eur("5000.00"),
        "max_days_past_due": 30,
        "evidence": "Balance sheet 2025",
    }


def _limit(world: World) -> dict[str, Any]:
    return world.post("risk", "/v1/limit-requests", _limit_body(world))


def _order(world: World, customer: str) -> dict[str, Any]:
    body = {"customer_id": customer, "amount": eur("120.00"), "order_ref": "WEB-20418"}
    return world.post("risk", "/v1/reservations", body)


def _blocked(world: World) -> str:
    identifier: str = _order(world, world.customer())["id"]
    return identifier


def _reserved(world: World) -> str:
    limit = _limit(world)
    world.post("risk", f"/v1/limit-requests/{limit['id']}/approve", {})
    identifier: str = _order(world, limit["customer_id"])["id"]
    return identifier


def _held(world: World) -> str:
    path = f"/v1/customers/{world.customer()}/holds"
    identifier: str = world.post("risk", path, {"text": "Cheque returned unpaid"})["id"]
    return identifier


_DEPOSIT = {"kind": "deposit", "share_bps": 3_000, "text": "Grade D since March"}


def _terms(world: World) -> str:
    path = f"/v1/customers/{world.customer()}/terms-proposals"
    world.post("risk", path, _DEPOSIT)
    return f"{path}/1"


_FACT = {
    "kind": "observation",
    "source": "sales",
    "observed_on": "2025-01-15",
    "text": "Half of the yard is empty",
}
_COMMENT = {"text": "Pays late in summer, always has"}


def _fact(world: World) -> str:
    path = f"/v1/customers/{world.customer()}/facts"
    world.post("risk", path, _FACT)
    return f"{path}/1"


def _comment(world: World) -> str:
    path = f"/v1/customers/{world.customer()}/credit-comments"
    world.post("risk", path, _COMMENT)
    return f"{path}/1"


def _acknowledge(world: World) -> Request:
    """A warning of a customer that owes most of what is open."""
    rules = {"concentration": {"share_bps": 5_000, "least_debtors": 1}}
    answer = world.client("risk").put(f"/v1/entities/{world.entity}/warning-rules", json=rules)
    assert answer.status_code == 200, answer.text
    customer = world.customer()
    world.invoice(customer, "9000000.00")
    world.advance((date.fromisoformat(world.today) + timedelta(days=1)).isoformat())

    def raised() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = world.get("risk", "/v1/warnings", customer_id=customer)["data"]
        return found

    wait_until(lambda: bool(raised()), "no warning")
    return f"/v1/warnings/{raised()[0]['id']}/acknowledge", {"text": "Called the owner"}


_ACCOUNT = {"amount": eur("5000.00"), "text": "New dealer in Lyon"}


def _account(world: World, *codes: str) -> str:
    items = [{"code": code, "label": "Identity checked"} for code in codes]
    body = {"currency": "EUR", "items": items}
    answer = world.client("risk").put(f"/v1/entities/{world.entity}/account-checklist", json=body)
    assert answer.status_code == 200, answer.text
    return f"/v1/customers/{world.customer()}/account-opening"


def _asked(world: World, *codes: str) -> str:
    path = _account(world, *codes)
    world.post("risk", path, _ACCOUNT)
    return path


def _to_open(world: World) -> Request:
    """An account that the key of somebody else has asked for."""
    path = _account(world)
    made = world.system.json("keys", "create", "--scope", "*", "--label", "sales", "--ledger", world.ledger)
    headers = {"Authorization": f"Bearer {made['key']}"}
    answer = world.client("risk").post(path, json=_ACCOUNT, headers=headers)
    assert answer.status_code == 201, answer.text
    return f"{path}/open", {"text": "All items are done"}


def _extract(world: World) -> Request:
    buyer = {"entity_id": world.entity, "name": "Garage Dupont", "siren": "552032534"}
    customer = world.post("invoice", "/v1/customers", buyer)["id"]
    found = {"siren": "552032534", "etat_administratif": "A", "date_mise_a_jour": "2025-01-15T10:00:00"}
    document = {"result": {"results": [found]}}
    path = f"/v1/customers/{customer}/register-extracts"
    return path, {"register": "company_search", "document": document}


_GUARANTEE = {"kind": "bank", "amount": eur("500.00"), "reference": "BNP 2026-4711"}


def _guarantee(world: World) -> str:
    path = f"/v1/customers/{world.customer()}/guarantees"
    identifier: str = world.post("risk", path, _GUARANTEE)["id"]
    return identifier


def _badged(world: World) -> str:
    customer = world.customer()
    world.post("risk", f"/v1/customers/{customer}/badge", {"text": "Three cheques returned unpaid"})
    return customer


def _fit(world: World) -> Request:
    """A history of two customers, one of whom pays late."""
    lines = ["invoice_number,issued_on,due_on,settled_on,amount,customer"]
    for number in range(84):
        issued = date(2025, 9, 1) + timedelta(days=number)
        days = (issued + timedelta(days=after) for after in (0, 15, 25 if number % 2 else 10))
        lines.append(f"OLD-{number},{','.join(map(str, days))},120.00,Garage {number % 2}")
    path = f"/v1/imports?file_name=past.csv&currency=EUR&entity_id={world.entity}"
    answer = world.send("invoice", path, "\n".join(lines).encode(), headers={"Content-Type": "text/csv"})
    taken = answer.json()["id"]
    wait_until(lambda: world.get("invoice", f"/v1/imports/{taken}")["state"] == "completed", "no history")
    return "/v1/score-models", {}


_TRIED = {
    "from": "2025-01-01",
    "to": "2025-12-31",
    "policy": {"max_days_past_due": 15, "refuse_grades": ["E"]},
}

CREDIT: dict[str, Make] = {
    "/v1/limit-requests": lambda w: ("/v1/limit-requests", _limit_body(w)),
    "/v1/limit-requests/{limit_id}/approve": lambda w: (f"/v1/limit-requests/{_limit(w)['id']}/approve", {}),
    "/v1/limit-requests/{limit_id}/refuse": lambda w: (
        f"/v1/limit-requests/{_limit(w)['id']}/refuse",
        {"text": "No accounts filed"},
    ),
    "/v1/limit-policies/backtests": lambda w: ("/v1/limit-policies/backtests", _TRIED),
    "/v1/checks": lambda w: ("/v1/checks", {"customer_id": w.customer(), "amount": eur("99.00")}),
    "/v1/customers/{customer_id}/holds": lambda w: (
        f"/v1/customers/{w.customer()}/holds",
        {"text": "Cheque returned unpaid"},
    ),
    "/v1/credit-holds/{hold_id}/release": lambda w: (
        f"/v1/credit-holds/{_held(w)}/release",
        {"text": "Paid by transfer"},
    ),
    "/v1/customers/{customer_id}/guarantees": lambda w: (
        f"/v1/customers/{w.customer()}/guarantees",
        _GUARANTEE,
    ),
    "/v1/guarantees/{guarantee_id}/release": lambda w: (
        f"/v1/guarantees/{_guarantee(w)}/release",
        {"text": "Replaced by a higher one"},
    ),
    "/v1/customers/{customer_id}/badge": lambda w: (
        f"/v1/customers/{w.customer()}/badge",
        {"text": "Three cheques returned unpaid"},
    ),
    "/v1/customers/{customer_id}/badge/remove": lambda w: (
        f"/v1/customers/{_badged(w)}/badge/remove",
        {"text": "Pays in advance since"},
    ),
    "/v1/score-models": _fit,
    "/v1/score-models/{version}/activate": lambda w: (
        "/v1/score-models/default-1/activate",
        {"text": "The own history is too short"},
    ),
    "/v1/customers/{customer_id}/terms-proposals": lambda w: (
        f"/v1/customers/{w.customer()}/terms-proposals",
        _DEPOSIT,
    ),
    "/v1/customers/{customer_id}/terms-proposals/{number}/accept": lambda w: (
        f"{_terms(w)}/accept",
        {"text": "Agreed by phone"},
    ),
    "/v1/customers/{customer_id}/terms-proposals/{number}/decline": lambda w: (
        f"{_terms(w)}/decline",
        {"text": "The customer pays in advance instead"},
    ),
    "/v1/customers/{customer_id}/terms-proposals/{number}/withdraw": lambda w: (
        f"{_terms(w)}/withdraw",
        {"text": "Pays in time for a year"},
    ),
    "/v1/customers/{customer_id}/facts": lambda w: (f"/v1/customers/{w.customer()}/facts", _FACT),
    "/v1/customers/{customer_id}/facts/{number}/correct": lambda w: (
        f"{_fact(w)}/correct",
        {"fact": _FACT | {"valid_until": "2025-06-30"}, "text": "The yard is in use again"},
    ),
    "/v1/customers/{customer_id}/facts/{number}/withdraw": lambda w: (
        f"{_fact(w)}/withdraw",
        {"text": "Another customer was meant"},
    ),
    "/v1/customers/{customer_id}/register-extracts": _extract,
    "/v1/customers/{customer_id}/credit-comments": lambda w: (
        f"/v1/customers/{w.customer()}/credit-comments",
        _COMMENT,
    ),
    "/v1/customers/{customer_id}/credit-comments/{number}/correct": lambda w: (
        f"{_comment(w)}/correct",
        {"text": "Pays late in summer, and in winter since 2024"},
    ),
    "/v1/warnings/{warning_id}/acknowledge": _acknowledge,
    "/v1/customers/{customer_id}/account-opening": lambda w: (_account(w), _ACCOUNT),
    "/v1/customers/{customer_id}/account-opening/items/{code}/complete": lambda w: (
        f"{_asked(w, 'identity')}/items/identity/complete",
        {"text": "Extract of 3 March"},
    ),
    "/v1/customers/{customer_id}/account-opening/items/{code}/waive": lambda w: (
        f"{_asked(w, 'identity')}/items/identity/waive",
        {"text": "Subsidiary of a known customer"},
    ),
    "/v1/customers/{customer_id}/account-opening/open": _to_open,
    "/v1/customers/{customer_id}/account-opening/refuse": lambda w: (
        f"{_asked(w)}/refuse",
        {"text": "No accounts filed"},
    ),
    "/v1/customers/{customer_id}/financials": lambda w: (
        f"/v1/customers/{w.customer()}/financials",
        {"closed_on": "2024-12-31", "equity": eur("80000.00"), "source": "Registry"},
    ),
    "/v1/customers/{customer_id}/review/postpone": lambda w: (
        f"/v1/customers/{w.customer()}/review/postpone",
        {"until": "2035-01-31", "text": "Accounts are filed in January"},
    ),
    "/v1/reservations": lambda w: (
        "/v1/reservations",
        {"customer_id": w.customer(), "amount": eur("99.00"), "order_ref": "WEB-1"},
    ),
    "/v1/reservations/{reservation_id}/recheck": lambda w: (f"/v1/reservations/{_blocked(w)}/recheck", None),
    "/v1/reservations/{reservation_id}/override": lambda w: (
        f"/v1/reservations/{_blocked(w)}/override",
        {"text": "Payment is announced for Monday"},
    ),
    "/v1/reservations/{reservation_id}/consume": lambda w: (
        f"/v1/reservations/{_reserved(w)}/consume",
        {"delivery_ref": "BL-5512", "amount": eur("20.00")},
    ),
    "/v1/reservations/{reservation_id}/release": lambda w: (
        f"/v1/reservations/{_reserved(w)}/release",
        {"text": "Cancelled by the customer"},
    ),
}
