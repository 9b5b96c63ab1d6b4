"""Turnover by product with margin, and a plan beside what was billed and collected, by the typed client."""

from __future__ import annotations

from typing import Any

from encours.testing.system import System
from tests.e2e.typed import Typed
from tests.e2e.world import World, eur


def line(product: str | None, price: str, cost: str | None) -> dict[str, Any]:
    return {
        "description": product or "work", "quantity": "1", "unit_price": price, "vat_rate": "20", "product": product,
        "unit_cost": cost,
    }  # fmt: skip


def test_products_have_margins_where_costs_are_known_and_plans_are_compared_by_their_versions(
    system: System, typed: Typed
) -> None:
    world = World.make(system, day="2026-01-05")
    client = typed(world, "reporting")
    plan_of = client.models.TurnoverPlanBody.from_dict
    customer = world.customer(salesperson="lea")
    lines = [line("tyre", "100.00", "60.00"), line("tyre", "50.00", None), line("book", "50.00", "10.00")]
    invoice = world.invoice(customer, issued_on="2026-01-05", lines=lines)
    assert invoice["lines"][0]["unit_cost"] == "60"
    back = {"lines": [line("tyre", "30.00", None)], "reason": "returned"}
    world.post("invoice", f"/v1/invoices/{invoice['id']}/credit-notes", back)
    world.payment(
        customer, "102.00", "2026-01-05", allocations=[{"invoice_id": invoice["id"], "amount": eur("102.00")}]
    )
    rebate = {
        "entity_id": world.entity, "customer_id": customer, "reason": "Rebate", "lines": [line("bonus", "10.00", None)],
        "period_from": "2026-01-01", "period_until": "2026-01-04",
    }  # fmt: skip
    note = world.post("invoice", "/v1/credit-notes", rebate)
    use = {"allocations": [{"invoice_id": invoice["id"], "amount": eur("12.00")}]}
    world.post("invoice", f"/v1/credits/{note['id']}/apply", use)
    plan = {
        "entity_id": world.entity, "code": "budget", "title": "Budget", "currency": "EUR", "by": "product",
        "targets": [{"month": "2026-01", "product": "tyre", "billed": "150.00"}],
    }  # fmt: skip
    first = client.call("published_figures.set_plan", body=plan_of(plan))
    known = world.position
    targets = [{"month": "2026-01", "product": "tyre", "billed": "100.00", "collected": "80.00"}]
    second = client.call("published_figures.set_plan", body=plan_of(plan | {"targets": targets}))
    assert (first.id, first.version, second.version) == (second.id, 1, 2)
    world.advance("2026-02-02")

    body = world.get("reporting", "/v1/turnover", group_by="product")
    products = {each["product"]: each["totals"] for each in body["products"]["data"]}
    tyre = products["tyre"]
    shown = {
        name: tyre[name]["amount"]
        for name in ("billed_net", "credited_net", "turnover_net", "turnover", "costed_net", "cost", "margin")
    }
    assert shown == {
        "billed_net": "150.00", "credited_net": "30.00", "turnover_net": "120.00", "turnover": "144.00",
        "costed_net": "80.00", "cost": "48.00", "margin": "32.00",
    }  # fmt: skip
    assert (tyre["margin_percent"], tyre["costed_percent"]) == (40.0, 66.67)
    assert (tyre["collected"]["amount"], products["book"]["collected"]["amount"]) == ("76.50", "25.50")
    whole = body["products"]["totals"]
    assert whole["turnover"] == body["totals"]["turnover"]
    assert whole["turnover_net"] == body["totals"]["turnover_net"]

    compared = client.read("published_figures.compare_plan", first.id)
    rows = {row.group: row for row in compared.data}
    assert rows["tyre"].billed.to_dict() == {
        "planned": eur("100.00"), "actual": eur("120.00"), "difference": eur("20.00"), "percent": 20.0,
        "reason": None,
    }  # fmt: skip
    assert rows["tyre"].collected.percent == -4.38
    assert (rows["book"].billed.planned, rows["book"].complete) == (None, True)
    assert rows["book"].billed.reason == "not-planned"
    assert compared.totals.billed.actual.amount == "160.00"
    by_seller = {
        "code": "sellers", "by": "salesperson",
        "targets": [{"month": "2026-01", "salesperson": "lea", "billed": "200.00"}],
    }  # fmt: skip
    sellers = client.call("published_figures.set_plan", body=plan_of(plan | by_seller))
    (row,) = client.read("published_figures.compare_plan", sellers.id).data
    assert (row.group, row.billed.difference.amount, row.name) == ("lea", "-40.00", None)
    before = client.read("published_figures.compare_plan", first.id, known_at=str(known))
    assert before.plan_version == 1
    assert before.data[-1].billed.difference.amount == "-30.00"
    assert (
        client.read("published_figures.get_plan", first.id, known_at=str(known)).targets[0].collected is None
    )
    listed = client.read("published_figures.list_plans", entity_id=world.entity).data
    assert [(each.id, each.version) for each in listed] == [(sellers.id, 1), (first.id, 2)]
    unknown = client.call("published_figures.get_plan", f"tpn_{'0' * 32}")
    assert (unknown.status, unknown.title) == (404, "Plan of the turnover not found")
    of_nobody = {
        "by": "customer",
        "targets": [{"month": "2026-01", "customer_id": "cus_" + "0" * 32, "billed": "1"}],
    }
    refused = client.call("published_figures.set_plan", body=plan_of(plan | of_nobody))
    assert (refused.status, refused.errors[0].pointer) == (422, "/targets/0/customer_id")
