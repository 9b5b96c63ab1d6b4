"""A request for every POST route of the four services, each with what it presupposes."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

from encours.testing.bank_files import IBAN, Booked, camt
from encours.testing.waiting import wait_until
from tests.e2e.dispute_examples import DISPUTE_EXAMPLES
from tests.e2e.post_credit import CREDIT
from tests.e2e.post_dunning import DUNNING, Make, Request
from tests.e2e.post_instruments import INSTRUMENTS
from tests.e2e.post_insurance import INSURANCE
from tests.e2e.post_penalties import PENALTIES
from tests.e2e.post_reporting import REPORTING
from tests.e2e.world import ENTITY, World, eur, line

TODAY = "2026-01-05"
XML = "application/xml"
CSV = "invoice_number,issued_on,due_on,amount,customer\nOLD-1,2025-11-03,2025-12-03,120.00,Garage Dupont\n"


def _issued(world: World) -> dict[str, Any]:
    return world.invoice(world.customer())


def _draft(world: World) -> str:
    identifier: str = world.post("invoice", "/v1/invoices", world.draft_body(world.customer()))["id"]
    return identifier


def _merged(world: World) -> str:
    customer = world.customer()
    world.post("invoice", f"/v1/customers/{customer}/merge", {"into": world.customer()})
    return customer


def _written_off(world: World) -> str:
    invoice: str = _issued(world)["id"]
    world.post("invoice", f"/v1/invoices/{invoice}/write-off", {"reason": "Judicial liquidation"})
    return invoice


def _plan_body(world: World) -> dict[str, Any]:
    invoice = _issued(world)
    return {
        "customer_id": invoice["customer_id"],
        "invoice_ids": [invoice["id"]],
        "instalments": [{"due_on": "2035-01-31", "amount": invoice["outstanding"]}],
    }


def _plan(world: World, *, broken: bool = False) -> str:
    plan: str = world.post("invoice", "/v1/payment-plans", _plan_body(world))["id"]
    if broken:
        world.post("invoice", f"/v1/payment-plans/{plan}/break", {"reason": "Stopped paying"})
    return f"/v1/payment-plans/{plan}"


def _rescheduled(world: World) -> Request:
    body = _plan_body(world)
    plan = world.post("invoice", "/v1/payment-plans", body)["id"]
    later = [body["instalments"][0] | {"due_on": "2035-02-28"}]
    return f"/v1/payment-plans/{plan}/reschedule", {"instalments": later, "reason": "Seasonal low"}


def _cash(world: World, *, allocated: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    invoice = _issued(world)
    parts = [{"invoice_id": invoice["id"], "amount": eur("30.00")}] if allocated else []
    return invoice, world.payment(invoice["customer_id"], "50.00", TODAY, allocations=parts)


def _reversed(world: World) -> str:
    payment = f"/v1/payments/{_cash(world, allocated=True)[1]['id']}"
    reversal = world.post("invoice", f"{payment}/reverse", {"reason": "AC04"})["reversals"][0]
    return f"{payment}/reversals/{reversal['id']}"


def _allocate(world: World) -> Request:
    invoice, payment = _cash(world, allocated=False)
    return f"/v1/payments/{payment['id']}/allocations", {
        "allocations": [{"invoice_id": invoice["id"], "amount": eur("20.00")}]
    }


def _payment_body(world: World) -> dict[str, Any]:
    return {
        "entity_id": world.entity,
        "customer_id": world.customer(),
        "received_on": TODAY,
        "amount": eur("12.00"),
        "method": "transfer",
    }


def _duplicate(world: World) -> str:
    customer = world.customer()
    for _ in range(2):
        world.invoice(customer)
    found = world.get("invoice", "/v1/reviews/invoices", customer_id=customer, kind="duplicate_invoice")
    (identifier,) = (each["id"] for each in found["data"])
    return str(identifier)


def _import(world: World) -> Request:
    return f"/v1/imports?file_name=old.csv&currency=EUR&entity_id={world.entity}", CSV.encode()


def _advice_body(world: World) -> dict[str, Any]:
    invoice = _issued(world)
    item = {"number": invoice["number"], "amount": eur("12.34")}
    owner = {"entity_id": world.entity, "customer_id": invoice["customer_id"]}
    return owner | {"total": eur("12.34"), "items": [item], "reference": uuid4().hex}


def _advice(world: World) -> str:
    identifier: str = world.post("invoice", "/v1/remittance-advices", _advice_body(world))["id"]
    return identifier


def _joined(world: World) -> Request:
    body = _advice_body(world)
    advice = world.post("invoice", "/v1/remittance-advices", body)
    payment = world.payment(body["customer_id"], "12.00", TODAY, allocations=[])
    return f"/v1/remittance-advices/{advice['id']}/join", {"payment_id": payment["id"]}


def _bank_file(world: World) -> Request:
    world.client("invoice").patch(f"/v1/entities/{world.entity}", json={"iban": IBAN})
    unlike_others = 1_000 + uuid4().int % 1_000_000
    booked = Booked(unlike_others, date.fromisoformat(TODAY), "VIR", uuid4().hex[:16], "Dupont")
    return f"/v1/bank-statements?entity_id={world.entity}", camt([booked])


def _bank_line(world: World) -> str:
    path, data = _bank_file(world)
    taken = world.send("invoice", path, data, headers={"Content-Type": XML})
    assert taken.status_code == 201, taken.text
    (statement,) = (each["id"] for each in taken.json()["statements"])
    world.position = max(world.position, int(taken.headers["Encours-Position"]))
    (found,) = world.get("invoice", "/v1/bank-lines", statement_id=statement)["data"]
    return str(found["id"])


def _ignored_line(world: World) -> str:
    found = _bank_line(world)
    world.post("invoice", f"/v1/bank-lines/{found}/ignore", {"reason": "A transfer of our own"})
    return found


def _sync_check(world: World) -> Request:
    listed = b"number,outstanding\nELSEWHERE-1,12.00\n"
    return f"/v1/sync-checks?entity_id={world.entity}", listed


def _tomorrow(world: World) -> Request:
    day = date.fromisoformat(world.today) + timedelta(days=1)
    return f"/v1/ledgers/{world.ledger}/clock", {"to": day.isoformat()}


def _stop(world: World) -> Request:
    """A clock that has arrived: its state is the same when the answer is made again."""
    wait_until(lambda: world.clock()["state"] == "idle", "the clock does not arrive")
    return f"/v1/ledgers/{world.ledger}/clock/stop", None


def _content(world: World, **fields: Any) -> dict[str, Any]:
    body = world.draft_body(world.customer()) | fields
    del body["series"]
    return body


def _quote(world: World, *, sent: bool = False) -> str:
    body = _content(world, valid_until="2030-01-31")
    identifier: str = world.post("invoice", "/v1/quotes", body)["id"]
    if sent:
        world.post("invoice", f"/v1/quotes/{identifier}/send", {"sent_to": "Claire Martin"})
    return identifier


def _order(world: World) -> dict[str, Any]:
    return world.post("invoice", "/v1/orders", _content(world))


def _delivery(world: World) -> tuple[dict[str, Any], str]:
    """An order whose delivery is not billed, and the path of its deliveries."""
    path = f"/v1/orders/{_order(world)['id']}/deliveries"
    return world.post("invoice", path, {"note_number": "BL-1"}), path


def _cancelled_delivery(world: World) -> Request:
    order, path = _delivery(world)
    return f"{path}/{order['deliveries'][0]['id']}/cancel", {"reason": "Recorded twice"}


def _grouped(world: World) -> Request:
    order, _ = _delivery(world)
    owner = {"entity_id": world.entity, "customer_id": order["customer_id"]}
    return "/v1/invoices:group", owner | {"from": "2026-01-01", "to": world.today}


def _recurring_body(world: World) -> dict[str, Any]:
    return _content(world, title="Standby", rule="FREQ=MONTHLY", starts_on="2030-01-31", nature="services")


def _recurring(world: World, *, paused: bool = False) -> str:
    identifier: str = world.post("invoice", "/v1/recurring", _recurring_body(world))["id"]
    if paused:
        world.post("invoice", f"/v1/recurring/{identifier}/pause", {"reason": "Works"})
    return identifier


def _submitted(world: World) -> str:
    """A draft that another key has made and submitted."""
    made = world.system.json(
        "keys", "create", "--scope", "invoices:write", "--label", "drafter", "--ledger", world.ledger
    )
    headers = {"Authorization": f"Bearer {made['key']}"}
    draft = world.send("invoice", "/v1/invoices", world.draft_body(world.customer()), headers=headers).json()
    path = f"/v1/invoices/{draft['id']}"
    assert world.send("invoice", f"{path}/submit", headers=headers).status_code == 200
    return path


def _note_body(world: World) -> dict[str, Any]:
    """A rebate on the invoices of a period."""
    period = {"period_from": "2026-01-01", "period_until": "2026-01-04"}
    return _content(world, reason="Rebate") | period


def _note(world: World) -> dict[str, Any]:
    return world.post("invoice", "/v1/credit-notes", _note_body(world))


def _applied(world: World) -> Request:
    note = _note(world)
    invoice = world.invoice(note["customer_id"])
    use = {"allocations": [{"invoice_id": invoice["id"], "amount": eur("20.00")}]}
    return f"/v1/credits/{note['id']}/apply", use


def _refund(world: World) -> str:
    payment = _cash(world, allocated=False)[1]["id"]
    ordered = world.post("invoice", f"/v1/payments/{payment}/refund", {"reason": "Paid twice"})
    return f"/v1/payments/{payment}/refunds/{ordered['refunds'][0]['id']}"


EXAMPLES: dict[str, dict[str, Make]] = {
    "invoice": {
        "/v1/entities": lambda w: ("/v1/entities", ENTITY | {"name": "Second"}),
        "/v1/customers": lambda w: ("/v1/customers", {"entity_id": w.entity, "name": "Garage"}),
        "/v1/customers/{customer_id}/contacts": lambda w: (
            f"/v1/customers/{w.customer()}/contacts",
            {"role": "accounts_payable", "name": "Claire Martin"},
        ),
        "/v1/customers/{customer_id}/merge": lambda w: (
            f"/v1/customers/{w.customer()}/merge",
            {"into": w.customer()},
        ),
        "/v1/customers/{customer_id}/merge/reverse": lambda w: (
            f"/v1/customers/{_merged(w)}/merge/reverse",
            {},
        ),
        "/v1/customers/{customer_id}/notes": lambda w: (
            f"/v1/customers/{w.customer()}/notes",
            {"text": "Called."},
        ),
        "/v1/invoices": lambda w: ("/v1/invoices", w.draft_body(w.customer(), issue=True)),
        "/v1/invoices:batch": lambda w: (
            "/v1/invoices:batch",
            {"items": [w.draft_body(w.customer()), w.draft_body(w.customer(), lines=[])], "issue": True},
        ),
        "/v1/invoices/{invoice_id}/issue": lambda w: (f"/v1/invoices/{_draft(w)}/issue", {}),
        "/v1/invoices/{invoice_id}/cancel": lambda w: (f"/v1/invoices/{_draft(w)}/cancel", None),
        "/v1/invoices/{invoice_id}/credit-notes": lambda w: (
            f"/v1/invoices/{_issued(w)['id']}/credit-notes",
            {"amount": eur("12.00"), "reason": "return"},
        ),
        "/v1/invoices/{invoice_id}/write-off": lambda w: (
            f"/v1/invoices/{_issued(w)['id']}/write-off",
            {"reason": "Judicial liquidation"},
        ),
        "/v1/invoices/{invoice_id}/write-off/reverse": lambda w: (
            f"/v1/invoices/{_written_off(w)}/write-off/reverse",
            {"reason": "Dividend announced"},
        ),
        "/v1/invoices/{invoice_id}/disputes": lambda w: (
            f"/v1/invoices/{_issued(w)['id']}/disputes",
            {"category": "quality", "text": "Scratched"},
        ),
        **DISPUTE_EXAMPLES,
        "/v1/payment-plans": lambda w: ("/v1/payment-plans", _plan_body(w)),
        "/v1/payment-plans/{plan_id}/reschedule": _rescheduled,
        "/v1/payment-plans/{plan_id}/break": lambda w: (f"{_plan(w)}/break", {"reason": "Stopped paying"}),
        "/v1/payment-plans/{plan_id}/cancel": lambda w: (f"{_plan(w)}/cancel", {"reason": "By mistake"}),
        "/v1/payment-plans/{plan_id}/resume": lambda w: (
            f"{_plan(w, broken=True)}/resume",
            {"reason": "The transfer had come in time"},
        ),
        **INSTRUMENTS,
        "/v1/payments": lambda w: ("/v1/payments", _payment_body(w)),
        "/v1/payments/{payment_id}/allocations": _allocate,
        "/v1/payments/{payment_id}/release": lambda w: (
            f"/v1/payments/{_cash(w, allocated=True)[1]['id']}/release",
            {},
        ),
        "/v1/payments/{payment_id}/reverse": lambda w: (
            f"/v1/payments/{_cash(w, allocated=True)[1]['id']}/reverse",
            {"reason": "AC04 closed account", "on": w.today},
        ),
        **PENALTIES,
        "/v1/payments/{payment_id}/reassign": lambda w: (
            f"/v1/payments/{_cash(w, allocated=True)[1]['id']}/reassign",
            {"customer_id": w.customer(), "reason": "The bank text named another customer"},
        ),
        "/v1/payments/{payment_id}/reversals/{reversal_id}/restore": lambda w: (
            f"{_reversed(w)}/restore",
            {"reason": "The bank returned another payment"},
        ),
        "/v1/invoices:group": _grouped,
        "/v1/invoices/{invoice_id}/submit": lambda w: (f"/v1/invoices/{_draft(w)}/submit", None),
        "/v1/invoices/{invoice_id}/approve": lambda w: (f"{_submitted(w)}/approve", None),
        "/v1/invoices/{invoice_id}/reject": lambda w: (f"{_submitted(w)}/reject", {"reason": "Price"}),
        "/v1/invoices/{invoice_id}/correct": lambda w: (
            f"/v1/invoices/{_issued(w)['id']}/correct",
            {"reason": "Wrong price", "lines": [line("80.00")]},
        ),
        "/v1/invoices/{invoice_id}/provision": lambda w: (
            f"/v1/invoices/{_issued(w)['id']}/provision",
            {"reason": "Safeguard proceedings"},
        ),
        "/v1/invoices/{invoice_id}/unrecoverable": lambda w: (
            f"/v1/invoices/{_issued(w)['id']}/unrecoverable",
            {"reason": "Liquidation", "evidence": "Certificate of the liquidator"},
        ),
        "/v1/quotes": lambda w: ("/v1/quotes", _content(w, valid_until="2030-01-31")),
        "/v1/quotes/{quote_id}/send": lambda w: (f"/v1/quotes/{_quote(w)}/send", {}),
        "/v1/quotes/{quote_id}/extend": lambda w: (
            f"/v1/quotes/{_quote(w, sent=True)}/extend",
            {"valid_until": "2030-06-30"},
        ),
        "/v1/quotes/{quote_id}/accept": lambda w: (
            f"/v1/quotes/{_quote(w, sent=True)}/accept",
            {"accepted_by": "Claire Martin"},
        ),
        "/v1/quotes/{quote_id}/refuse": lambda w: (
            f"/v1/quotes/{_quote(w, sent=True)}/refuse",
            {"reason": "Too dear"},
        ),
        "/v1/orders": lambda w: ("/v1/orders", _content(w)),
        "/v1/orders/{order_id}/close": lambda w: (f"/v1/orders/{_order(w)['id']}/close", {}),
        "/v1/orders/{order_id}/deliveries": lambda w: (
            f"/v1/orders/{_order(w)['id']}/deliveries",
            {"note_number": "BL-1"},
        ),
        "/v1/orders/{order_id}/deliveries/{delivery_id}/cancel": _cancelled_delivery,
        "/v1/recurring": lambda w: ("/v1/recurring", _recurring_body(w)),
        "/v1/recurring/{recurring_id}/pause": lambda w: (f"/v1/recurring/{_recurring(w)}/pause", {}),
        "/v1/recurring/{recurring_id}/resume": lambda w: (
            f"/v1/recurring/{_recurring(w, paused=True)}/resume",
            None,
        ),
        "/v1/recurring/{recurring_id}/end": lambda w: (
            f"/v1/recurring/{_recurring(w)}/end",
            {"ends_on": "2030-12-31"},
        ),
        "/v1/credit-notes": lambda w: ("/v1/credit-notes", _note_body(w)),
        "/v1/credits/{credit_note_id}/apply": _applied,
        "/v1/credits/{credit_note_id}/refund": lambda w: (
            f"/v1/credits/{_note(w)['id']}/refund",
            {"reason": "Asked for"},
        ),
        "/v1/payments/{payment_id}/refund": lambda w: (
            f"/v1/payments/{_cash(w, allocated=False)[1]['id']}/refund",
            {"reason": "Paid twice"},
        ),
        "/v1/payments/{payment_id}/refunds/{refund_id}/sent": lambda w: (f"{_refund(w)}/sent", {}),
        "/v1/payments/{payment_id}/refunds/{refund_id}/returned": lambda w: (
            f"{_refund(w)}/returned",
            {"reason": "AC04 closed account"},
        ),
        "/v1/reviews/invoices/{finding_id}/dismiss": lambda w: (
            f"/v1/reviews/invoices/{_duplicate(w)}/dismiss",
            {"reason": "Two deliveries of one amount"},
        ),
        "/v1/bank-statements": _bank_file,
        "/v1/bank-lines/{line_id}/match": lambda w: (
            f"/v1/bank-lines/{_bank_line(w)}/match",
            {"customer_id": w.customer()},
        ),
        "/v1/bank-lines/{line_id}/correct": lambda w: (
            f"/v1/bank-lines/{_ignored_line(w)}/correct",
            {"reason": "It was a customer", "customer_id": w.customer()},
        ),
        "/v1/bank-lines/{line_id}/ignore": lambda w: (
            f"/v1/bank-lines/{_bank_line(w)}/ignore",
            {"reason": "A transfer of our own"},
        ),
        "/v1/bank-lines/{line_id}/undo": lambda w: (
            f"/v1/bank-lines/{_ignored_line(w)}/undo",
            {"reason": "Wrong"},
        ),
        "/v1/remittance-advices": lambda w: ("/v1/remittance-advices", _advice_body(w)),
        "/v1/remittance-advices/{advice_id}/withdraw": lambda w: (
            f"/v1/remittance-advices/{_advice(w)}/withdraw",
            {"reason": "Sent for another creditor"},
        ),
        "/v1/remittance-advices/{advice_id}/join": _joined,
        "/v1/sync-checks": _sync_check,
        "/v1/imports": _import,
        "/v1/ledgers/{name}/clock": _tomorrow,
        "/v1/ledgers/{name}/clock/stop": _stop,
    },
    "dunning": DUNNING,
    "risk": CREDIT | INSURANCE,
    "reporting": REPORTING,
}
