"""The provision matrix of customers of the demo at closings, held against the raw events: they lose money.

Their year is moved, so that defaulters, who pay nothing from the summer of 2011 on, have debts of more than a year.
Then guarantees, a credit insurance, invoices with VAT and two overlays come, on three days.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from random import Random
from typing import Any

from encours.demo.load import COLUMN_MAP
from encours.demo.model import COUNTRY, CURRENCY, SEED, customer, generate
from encours.demo.source import RetailInvoice, invoices_csv, retail_invoices
from encours.kernel.money import format_amount
from encours.testing.system import System
from tests.e2e.naive import cents
from tests.e2e.post_insurance import TERMS as USUAL_TERMS
from tests.e2e.provisions import closings_tie
from tests.e2e.takeover import NDJSON, Takeover, ndjson
from tests.e2e.world import World

LATER = timedelta(days=150)
FIRST_DAY, SECOND_DAY, UNTIL = (date(2012, 12, day) for day in (29, 30, 31))
FOR_EVER = dict.fromkeys(("notice_days", "hand_over_days", "stop_days", "longest_extension_days"), 3_650)
TERMS: dict[str, Any] = USUAL_TERMS | FOR_EVER
Row = dict[str, Any]
DEFAULTERS, OTHERS, MOST_INVOICES = 8, 20, 12


def some_customers() -> list[RetailInvoice]:
    """Invoices of a few defaulters and of others, later than they were."""
    by_customer: dict[str, list[RetailInvoice]] = {}
    for invoice in retail_invoices():
        by_customer.setdefault(invoice.customer, []).append(invoice)
    left, found = {True: DEFAULTERS, False: OTHERS}, list[RetailInvoice]()
    for ref, own in by_customer.items():
        habit = customer(Random(f"{SEED}:{ref}"), ref, len(own)).habit
        if 2 <= len(own) <= MOST_INVOICES and left[habit == "defaulter"]:
            left[habit == "defaulter"] -= 1
            found += (replace(each, issued_on=each.issued_on + LATER) for each in own)
    return found


def test_the_matrix_of_the_demo_follows_from_its_events_and_has_losses(system: System) -> None:
    takeover = Takeover.into(system, "sandbox")
    takeover.advance(str(FIRST_DAY))
    taken_over(takeover)
    world = World(system, takeover.ledger)
    system.wait_caught_up(takeover.ledger)
    debtors = world.get("reporting", "/v1/aged-balance", limit=200)["data"]
    debtors.sort(key=lambda each: -cents(each["outstanding"]["amount"]))
    world.entity = debtors[0]["entity_id"]
    known = [takeover.events()[-1]["position"]]
    for day, acts in ((SECOND_DAY, secure), (UNTIL, loosen)):
        acts(world, *debtors[:3])
        known.append(world.position)
        takeover.advance(str(day))
    system.wait_caught_up(takeover.ledger)
    days = [str(each) for each in (FIRST_DAY, SECOND_DAY, UNTIL)]
    losses = closings_tie(takeover, "2012-06-30", "2012-08-31", *days)
    assert min(losses) > 0
    assert [found_overlay(world, day) for day in days] == [1, 2, 2]
    earlier = [closings_tie(takeover, days[0], days[2], known_at=position) for position in known]
    assert len({last for _, last in earlier}) == len(known), "each of the two days changed the loss"


def taken_over(takeover: Takeover) -> None:
    """Take over what the customers and their debtors did."""
    invoices = some_customers()
    lines = list(generate(invoices, UNTIL))
    first = {"entity", "customer"}
    options = {"currency": CURRENCY, "country": COUNTRY}
    parties, happened = (
        [each for each in lines if (each["kind"] in first) is early] for early in (True, False)
    )
    for body, media_type, more in (
        (ndjson(parties), NDJSON, {"file_name": "parties.ndjson"}),
        (invoices_csv(invoices), "text/csv", {"file_name": "invoices.csv", "map": COLUMN_MAP}),
        (ndjson(happened), NDJSON, {"file_name": "happened.ndjson"}),
    ):
        taken = takeover.take(body, media_type, **options, **more)
        assert (taken["state"], taken["rejected"]) == ("completed", 0), taken


def secure(world: World, first: Row, second: Row, third: Row) -> None:
    """A guarantee, a cover below the debts, an invoice with VAT, and an overlay."""
    path = f"/v1/customers/{first['customer_id']}/guarantees"
    first["guarantee_id"] = world.post("risk", path, guarantee(first, 60))["id"]
    terms = TERMS | {"first_loss": gbp("25.00"), "vat_included": False}
    contract = {
        "entity_id": world.entity, "insurer": "Coface", "policy_number": "GB-4711", "currency": CURRENCY,
        "valid_from": "2011-01-01", "terms": terms,
    }  # fmt: skip
    world.client("risk").put("/v1/insurance-contracts/MAIN", json=contract).raise_for_status()
    for each, percent in ((second, 70), (third, 200)):
        cover = {"contract_code": "MAIN", "amount": part(each, percent), "valid_from": "2011-02-01"}
        each["cover_id"] = world.post("risk", f"/v1/customers/{each['customer_id']}/covers", cover)["id"]
    for each in (first, third):
        works = {"description": "Works", "quantity": "1", "unit_price": "199.99", "vat_rate": "20"}
        world.invoice(each["customer_id"], currency=CURRENCY, lines=[works], terms={"days": 1})
    overlay(world, {"band": "121+", "rate_ppm": 900_000}, {"segment": "occasional", "factor_bps": 12_500})


def loosen(world: World, first: Row, second: Row, third: Row) -> None:
    """The guarantee is replaced by one that ends, a cover is reduced from an earlier day, the overlay is another."""
    path = f"/v1/customers/{first['customer_id']}/guarantees"
    world.post("risk", f"/v1/guarantees/{first['guarantee_id']}/release", {"text": "Replaced"})
    world.post("risk", path, guarantee(first, 10) | {"valid_until": str(SECOND_DAY)})
    world.post("risk", path, guarantee(first, 5))
    reduced = {"amount": part(second, 20), "from": "2011-09-01", "text": "Rating lowered"}
    world.post("risk", f"/v1/covers/{second['cover_id']}/reduce", reduced)
    owner = {"entity_id": world.entity, "customer_id": third["customer_id"]}
    receipt = owner | {"received_on": str(SECOND_DAY), "amount": gbp("50.00")}
    world.post("invoice", "/v1/payments", receipt)
    overlay(world, {"factor_bps": 8_000}, {"segment": "occasional", "band": "121+", "rate_ppm": 950_000})


def gbp(amount: str) -> dict[str, str]:
    """Money of the demo."""
    return {"amount": amount, "currency": CURRENCY}


def part(debtor: Row, percent: int) -> dict[str, str]:
    """A part of what a customer owes."""
    return gbp(format_amount(cents(debtor["outstanding"]["amount"]) * percent // 100, CURRENCY))


def guarantee(debtor: Row, percent: int) -> dict[str, Any]:
    """A bank's guarantee for a part of what a customer owes."""
    return {"kind": "bank", "amount": part(debtor, percent), "reference": "BANK 4711"}


def overlay(world: World, *adjustments: dict[str, Any]) -> None:
    """Set the overlay of the entity."""
    body = {"adjustments": adjustments, "text": "Insolvencies rise"}
    answer = world.client("risk").put(f"/v1/entities/{world.entity}/provision-overlay", json=body)
    world.position = int(answer.raise_for_status().headers["encours-position"])


def found_overlay(world: World, day: str) -> int:
    """Return the version of the overlay at a closing."""
    version: int = world.get("risk", f"/v1/entities/{world.entity}/provision-overlay", as_of=day)["version"]
    return version
