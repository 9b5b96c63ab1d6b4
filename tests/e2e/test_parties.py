"""Customers as parties, through all services: duplicates, custom fields, roles, and who is written to."""

from __future__ import annotations

from encours.testing.system import System
from tests.e2e.world import World, eur


def test_a_debtor_that_was_entered_twice_is_proposed_with_the_reasons(system: System) -> None:
    world = World.make(system, day="2026-01-05")
    first = world.customer(name="Garage Dupont SARL", siren="732 829 320", tags=["key account"])
    second = world.customer(name="GARAGE DUPONT", email="direction@dupont.example")
    other = world.customer(name="Boulangerie Martin", email="martin@example.com")

    def reasons(customer: str) -> dict[str, dict[str, str]]:
        found = world.get("invoice", f"/v1/customers/{customer}/duplicates")["data"]
        return {each["customer_id"]: each["reasons"] for each in found}

    alike = {
        "name_and_postcode": "garage dupont 75002",
        "name_and_email_domain": "garage dupont dupont.example",
    }
    assert (reasons(first), reasons(second), reasons(other)) == ({second: alike}, {first: alike}, {})
    tagged = world.get("invoice", "/v1/customers", tag="key account")["data"]
    assert [(each["id"], each["siren"]) for each in tagged] == [(first, "732829320")]

    client = world.client("invoice")
    coded = client.patch(f"/v1/customers/{first}", json={"external_ref": "C-77"})
    assert (coded.status_code, coded.json()["external_ref"], coded.json()["id"]) == (200, "C-77", first)
    taken = client.patch(f"/v1/customers/{second}", json={"external_ref": "C-77"})
    assert (taken.status_code, taken.json()["errors"][0]["pointer"]) == (409, "/external_ref")
    body = {"entity_id": world.entity, "name": "Third", "country": "FR", "external_ref": "C-77"}
    assert client.post("/v1/customers", json=body).json()["type"] == "/problems/customer-exists"
    by_code = world.get("invoice", "/v1/customers", external_ref="C-77")["data"]
    assert [each["id"] for each in by_code] == [first]

    undefined = world.position
    kind = {"entity_id": world.entity, "kind": "choice", "label": "Channel", "choices": ["shop", "web"]}
    defined = world.client("invoice").put("/v1/custom-fields/customer/channel", json=kind)
    assert defined.status_code == 200, defined.text
    for customer, value in ((second, "web"), (other, "shop")):
        answer = world.client("invoice").patch(
            f"/v1/customers/{customer}/fields", json={"fields": {"channel": value}}
        )
        assert answer.json()["fields"] == {"channel": value}
    found = world.get("invoice", "/v1/customers", field="channel:web")["data"]
    assert [each["id"] for each in found] == [second]

    kind = {"entity_id": world.entity, "kind": "text", "label": "Project"}
    defined = world.client("invoice").put("/v1/custom-fields/invoice/project", json=kind)
    assert defined.status_code == 200, defined.text
    draft, _ = (world.post("invoice", "/v1/invoices", world.draft_body(second)) for _ in range(2))
    answer = world.client("invoice").patch(
        f"/v1/invoices/{draft['id']}/fields", json={"fields": {"project": "Lyon"}}
    )
    assert answer.json()["fields"] == {"project": "Lyon"}, answer.text
    before = int(answer.headers["encours-position"]) - 1
    found = [
        [each["id"] for each in world.get("invoice", "/v1/invoices", field="project:Lyon", **at)["data"]]
        for at in ({}, {"known_at": before}, {"as_of": "2026-01-04"})
    ]
    assert found == [[draft["id"]], [], []]

    contact = {"role": "dunning", "name": "Claire Martin", "email": "claire@dupont.example"}
    world.post("invoice", f"/v1/customers/{first}/contacts", contact)
    world.invoice(first, issued_on="2026-01-05")
    grouped = world.get("reporting", "/v1/aged-balance/groups", group_by="field:channel")["data"]
    assert [each["group"] for each in grouped] == [None]
    for unknown in ("field:chanel", "field:project"):
        refused = world.client("reporting").get("/v1/aged-balance/groups", params={"group_by": unknown})
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/group_by")
    table = {"kind": "aged_balance", "layout": "csv", "entity_id": world.entity, "as_of": "2026-01-05"}
    for faulty, pointer in (
        ({"group_by": "field:chanel"}, "/group_by"),
        ({"group_by": "field:channel", "position": undefined}, "/group_by"),
        ({"position": 1}, "/position"),
    ):
        refused = world.send("reporting", "/v1/exports", table | faulty)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer), refused.text
    assert world.get("reporting", "/v1/exports")["data"] == []
    (case,) = world.get("dunning", "/v1/cases", customer_id=first)["data"]
    assert case["email"] == "claire@dupont.example"


def test_bill_reminder_payment_and_limit_each_follow_their_party(system: System) -> None:
    world = World.make(system, day="2026-01-05")
    orders, billed, pays, heads = (
        world.customer(name=name, email=f"{name}@example.com")
        for name in ("orders", "billed", "pays", "heads")
    )

    def assign(customer: str, **roles: str) -> None:
        answer = world.client("invoice").put(f"/v1/customers/{customer}/roles", json=roles)
        assert answer.status_code == 200, answer.text
        world.position = max(world.position, int(answer.headers["encours-position"]))

    assign(orders, billed=billed)
    assign(billed, payer=pays, group=heads)
    request = world.post(
        "risk", "/v1/limit-requests",
        {"customer_id": heads, "amount": eur("500.00"), "max_days_past_due": 30, "evidence": "group"},
    )  # fmt: skip
    world.post("risk", f"/v1/limit-requests/{request['id']}/approve", {})
    invoice = world.invoice(orders, issued_on="2026-01-05")
    assert invoice["customer_id"] == billed

    exposure = world.get("risk", f"/v1/customers/{billed}/exposure")
    assert (exposure["limit_holder_id"], exposure["headroom"]) == (heads, eur("380.00"))
    assert sorted(exposure["members"]) == sorted([billed, heads])
    assert world.get("risk", f"/v1/customers/{pays}/exposure")["components"]["total"] == eur("0.00")
    (case,) = world.get("dunning", "/v1/cases", customer_id=billed)["data"]
    assert (case["payer_id"], case["email"]) == (pays, "pays@example.com")
    listed = world.get("invoice", "/v1/invoices", payer_id=pays)["data"]
    assert [each["id"] for each in listed] == [invoice["id"]]

    payment = world.payment(pays, "50.00", "2026-01-05")
    assert payment["unapplied"] == eur("0.00")
    for customer, owed in ((billed, "70.00"), (pays, "0.00")):
        aged = world.get("reporting", "/v1/aged-balance", customer_id=customer)
        assert aged["tie_out"]["equal"]
        assert aged["totals"]["outstanding"] == eur(owed)
    world.advance("2026-02-10")
    assign(billed, payer=heads, group=heads)
    (case,) = world.get("dunning", "/v1/cases", customer_id=billed)["data"]
    assert case["payer_id"] == heads
    assert world.get("invoice", "/v1/invoices", payer_id=pays, as_of="2026-02-09")["data"]
    assert world.get("invoice", "/v1/invoices", payer_id=pays)["data"] == []
    sent = world.get("dunning", "/v1/reminders", customer_id=billed)["data"]
    assert sent


def test_a_statement_of_account_is_of_a_customer_or_of_all_that_a_payer_pays(system: System) -> None:
    world = World.make(system, day="2026-01-05")
    shop, office = (world.customer(name=name) for name in ("shop", "office"))
    answer = world.client("invoice").put(
        f"/v1/customers/{shop}/roles", json={"payer": office, "group": office}
    )
    assert answer.status_code == 200, answer.text
    first = world.invoice(shop, issued_on="2026-01-05")
    world.advance("2026-02-20")
    second = world.invoice(shop, issued_on="2026-02-20")
    world.payment(office, "100.00", "2026-02-20")
    path = f"/v1/customers/{shop}/statement"

    february = world.get("invoice", path, **{"from": "2026-02-01", "to": "2026-02-20"})
    (account,) = february["accounts"]
    assert (account["opening"], account["closing"], account["equal"]) == (eur("120.00"), eur("140.00"), True)
    assert [(each["kind"], each["document"], each["balance"]) for each in february["data"]] == [
        ("invoice", second["number"], eur("240.00")),
        ("payment_applied", first["number"], eur("140.00")),
    ]
    owed = {each["number"]: each["outstanding"] for each in february["open_items"]}
    assert owed == {first["number"]: eur("20.00"), second["number"]: eur("120.00")}

    def balances(customer: str, **parameters: str) -> list[tuple[list[str], dict[str, str]]]:
        found = world.get("invoice", f"/v1/customers/{customer}/statement", **parameters)
        assert all(account["equal"] for account in found["accounts"])
        return [(found["customers"], account["closing"]) for account in found["accounts"]]

    both = sorted((shop, office))
    assert balances(office) == [([office], eur("0.00"))]
    assert balances(office, scope="payer") == balances(office, scope="group") == [(both, eur("140.00"))]
    assert balances(shop, as_of="2026-02-19") == [([shop], eur("120.00"))]

    answer = world.client("invoice").get(path, headers={"Accept": "text/csv"}, params={"limit": 1})
    assert answer.headers["content-type"].startswith("text/csv")
    head, line = answer.text.splitlines()
    assert head == "customer_id,effective_on,kind,document,due_on,currency,debit,credit,balance,position"
    assert line.startswith(f"{shop},2026-02-20,invoice,{second['number']},2026-03-22,EUR,120.00,,240.00,")
    following: dict[str, str | int] = {"limit": 1, "cursor": answer.headers["encours-next-cursor"]}
    rest = world.client("invoice").get(path, headers={"Accept": "text/csv"}, params=following)
    assert "payment_applied" in rest.text
    for wrong in ({"to": "2026-02-21"}, {"from": "2026-02-21"}):
        refused = world.client("invoice").get(path, params=wrong)
        assert refused.status_code == 422, refused.text
