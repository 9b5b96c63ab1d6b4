"""What comes before an invoice, over HTTP, and lists compared on every day with a count of the single objects."""

from __future__ import annotations

import base64
import hashlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from encours.testing.system import System
from tests.e2e.world import World, eur

STATUSES = ("draft", "sent", "accepted", "refused", "expired")
SIGNED = base64.b64encode(b"%PDF-1.7 signed").decode()


def quote(world: World, customer: str, valid_until: str, **fields: Any) -> str:
    body = world.draft_body(customer) | {"valid_until": valid_until} | fields
    del body["series"]
    identifier: str = world.post("invoice", "/v1/quotes", body)["id"]
    return identifier


def test_quotes_become_invoices_once_and_lists_agree_on_every_day(system: System) -> None:
    world = World.make(system, day="2026-01-05")
    customer = world.customer()
    won = quote(world, customer, "2026-01-07", number="D-1", reference="PO 7")
    lost, late, kept = (quote(world, customer, day) for day in ("2026-01-31", "2026-01-05", "2026-01-31"))
    world.advance("2026-01-06")
    for each in (won, lost, kept):
        world.post("invoice", f"/v1/quotes/{each}/send", {"sent_to": "Claire Martin"})
    assert world.send("invoice", f"/v1/quotes/{late}/send").json()["type"] == "/problems/quote-expired"
    world.post("invoice", f"/v1/quotes/{lost}/refuse", {"reason": "Too dear"})

    accepted = {"accepted_by": "Claire Martin", "evidence": {"document": SIGNED, "name": "devis.pdf"}}
    with ThreadPoolExecutor(16) as racers:
        answers = list(
            racers.map(lambda _: world.send("invoice", f"/v1/quotes/{won}/accept", accepted), range(16))
        )
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 15
    (acceptance,) = [answer.json()["acceptance"] for answer in answers if answer.status_code == 200]
    drafts = world.get("invoice", "/v1/invoices", customer_id=customer)["data"]
    assert [draft["id"] for draft in drafts] == [acceptance["invoice_id"]]
    assert (drafts[0]["total"], drafts[0]["reference"]) == (eur("120.00"), "PO 7")
    evidence = world.get("invoice", f"/v1/quotes/{won}/evidence")
    assert evidence["document"] == SIGNED
    assert evidence["sha256"] == hashlib.sha256(b"%PDF-1.7 signed").hexdigest() == acceptance["sha256"]
    world.advance("2026-01-08")
    world.post("invoice", f"/v1/quotes/{late}/extend", {"valid_until": "2026-01-09"})

    for day in ("2026-01-04", "2026-01-05", "2026-01-06", "2026-01-08", "2026-01-10", "2026-02-01"):
        dates = {"as_of": day, "customer_id": customer}
        shown = {
            identifier: answer.json()["status"]
            for identifier in (won, lost, late, kept)
            if (
                answer := world.client("invoice").get(f"/v1/quotes/{identifier}", params={"as_of": day})
            ).status_code
            == 200
        }
        for status in STATUSES:
            listed = world.get("invoice", "/v1/quotes", status=status, **dates)["data"]
            assert {each["id"] for each in listed} == {i for i, s in shown.items() if s == status}, day
    told = str(world.get("reporting", f"/v1/customers/{customer}/timeline", lang="fr"))
    assert "Devis de 120,00 EUR accepté par Claire Martin" in told
