"""An invoice paid late and a payment that came undone, asked about as of three dates and known at two moments."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest
from msgspec.structs import replace

from encours.contracts.events.figure import FigurePublished
from encours.embedded.access import local_admin_url
from encours.kernel.ids import derived_id, uuid7
from encours.ledger import Ledger
from encours.ledger.migrate import LEDGER_DATABASE, database_dsn
from encours.ledger.model import Append, NewEvent
from encours.testing.system import System
from tests.e2e.world import World, eur

NO_CURRENCY = derived_id("fig", "in no currency")
ISSUED, DUE, LATE, UNDONE, TODAY = "2026-01-05", "2026-02-04", "2026-03-10", "2026-04-02", "2026-04-20"

CLOSING = {"figure": "aged-balance", "title": "Balance of 2 April", "as_of": UNDONE, "bands": "30,60"}
MEASURED = (
    "period_days", "receivables", "turnover", "simple", "countback", "best_possible", "average_days_delinquent",
    "working_capital",
)  # fmt: skip


@dataclass
class Story:
    """One customer, one invoice of 120.00 paid 34 days late; the payment bounced on 2 April."""

    world: World
    customer: str
    invoice: str
    paid_at: int
    undone_at: int
    figure: dict[str, Any]
    """The aged balance of 2 April by what was known on 10 March."""

    def aged(self, **parameters: Any) -> dict[str, Any]:
        return self.world.get("reporting", "/v1/aged-balance", customer_id=self.customer, **parameters)

    def bands(self, **parameters: Any) -> dict[str, str]:
        """The bands that hold something."""
        body = self.aged(**parameters)
        assert body["tie_out"]["equal"]
        bands = body["totals"]["bands"]
        return {name: money["amount"] for name, money in bands.items() if money["amount"] != "0.00"}


def before_codes_were_checked(world: World, figure_id: str) -> int:
    """Record a figure again with amounts of 0 in XXX; return its position."""

    async def record() -> int:
        admin_url = local_admin_url(world.system.layout, world.system.run)
        assert admin_url is not None
        ledger = await Ledger.open(database_dsn(admin_url, LEDGER_DATABASE))
        [e] = await ledger.read_stream(world.ledger, figure_id)
        assert isinstance(e.data, FigurePublished)
        data = replace(
            e.data,
            figure_id=NO_CURRENCY,
            scope=replace(e.data.scope, currency="XXX"),
            amounts=tuple(replace(each, amount_minor=0) for each in e.data.amounts),
            account_minor=0,
        )
        new = NewEvent(NO_CURRENCY, 1, data, e.entity, e.effective_on, uuid7())
        append = Append(ledger=world.ledger, command_id=uuid7(), fingerprint=b"", events=(new,), actor="test")
        done = await ledger.append(append)
        await ledger.close()
        return done.last_position

    return asyncio.run(record())


@pytest.fixture(scope="module")
def story(system: System) -> Story:
    world = World.make(system, day=ISSUED)
    customer = world.customer(name="Garage Dupont SARL", salesperson="lea")
    world.post("invoice", f"/v1/customers/{customer}/notes", {"text": "Promised to call back."})
    invoice = world.invoice(customer, "100.00", issued_on=ISSUED, terms={"kind": "NET", "days": 30})["id"]
    world.advance(LATE)
    whole = [{"invoice_id": invoice, "amount": eur("120.00")}]
    payment = world.payment(customer, "120.00", LATE, allocations=whole)
    paid_at = world.position
    world.advance(TODAY)
    closing = CLOSING | {"entity_id": world.entity, "position": paid_at}
    figure = world.post("reporting", "/v1/figures", closing)
    world.post("invoice", f"/v1/payments/{payment['id']}/reverse", {"reason": "Returned debit", "on": UNDONE})
    return Story(world, customer, invoice, paid_at, world.position, figure)


def test_before_the_payment_the_debt_ages_from_its_due_date(story: Story) -> None:
    for known_at in (story.paid_at, story.undone_at):
        assert story.bands(as_of="2026-02-04", known_at=known_at) == {"not_due": "120.00"}
        assert story.bands(as_of="2026-02-05", known_at=known_at) == {"1-30": "120.00"}
        assert story.bands(as_of="2026-03-09", known_at=known_at) == {"31-60": "120.00"}


def test_while_it_was_paid_nothing_was_owed_whoever_asks_later(story: Story) -> None:
    for known_at in (story.paid_at, story.undone_at):
        assert story.bands(as_of="2026-04-01", known_at=known_at) == {}


def test_undone_the_debt_is_open_again_from_its_original_due_date_but_not_for_who_did_not_know(
    story: Story,
) -> None:
    assert story.bands(as_of=UNDONE, known_at=story.paid_at) == {}
    assert story.bands(as_of=UNDONE, known_at=story.undone_at) == {"31-60": "120.00"}
    assert story.bands(as_of=UNDONE, known_at="2026-04-19T23:59:59Z") == {}
    assert story.bands(as_of=UNDONE, known_at=f"{TODAY}T06:00:00+02:00") == {"31-60": "120.00"}
    assert story.bands() == {"61-90": "120.00"}


def test_the_overdue_list_and_the_dashboard_say_the_same(story: Story) -> None:
    late = story.world.get("reporting", "/v1/overdue", customer_id=story.customer)
    listed = [(row["invoice_id"], row["days_past_due"], row["band"]) for row in late["data"]]
    assert listed == [(story.invoice, 75, "61-90")]
    assert late["tie_out"]["equal"]
    for named, count in ((None, 1), ("61-90", 1), ("not_due", 0)):
        band = {} if named is None else {"band": named}
        items = story.world.get("reporting", "/v1/open-items", customer_id=story.customer, **band)
        assert [row["invoice_id"] for row in items["data"]] == [story.invoice] * count
        assert (items["outstanding"], items["tie_out"]["equal"]) == (eur("120.00" if count else "0.00"), True)
    unknown = story.world.client("reporting").get("/v1/open-items", params={"band": "61-91"})
    assert (unknown.status_code, unknown.json()["errors"][0]["pointer"]) == (422, "/band")
    board = story.world.get("reporting", "/v1/dashboard", customer_id=story.customer)
    assert board["totals"]["overdue"]["amount"] == late["totals"]["outstanding"]["amount"] == "120.00"
    assert board["tie_out"]["equal"]


def test_turnover_ends_at_the_balance_that_it_began_with_and_what_it_added(story: Story) -> None:
    grouped = {"by": "month", "group_by": "customer"}
    body = story.world.get("reporting", "/v1/turnover", customer_id=story.customer, **grouped)
    (own,) = body["groups"]["data"]
    assert (own["group"], own["name"]) == (story.customer, "Garage Dupont SARL")
    assert (own["data"], own["totals"]) == (body["data"], body["totals"])
    months = {row["start"]: row for row in body["data"]}
    assert months["2026-01-01"]["billed"]["amount"] == "120.00"
    assert months["2026-01-01"]["turnover_net"]["amount"] == "100.00"
    assert months["2026-03-01"]["collected"]["amount"] == "120.00"
    assert months["2026-04-01"]["reversed"]["amount"] == "120.00"
    assert body["tie_out"]["equal"]


def test_dso_of_one_unpaid_invoice_counts_back_to_its_month(story: Story) -> None:
    body = story.world.get("reporting", "/v1/dso", customer_id=story.customer, days=120)
    assert body["simple"] == {"definition": "dso/simple/2", "days": 120.0, "reason": None}
    assert body["countback"]["days"] == 20 + 31 + 28 + 31
    for by, group in (("salesperson", "lea"), ("month", "2026-04")):
        own = story.world.get("reporting", "/v1/dso", customer_id=story.customer, days=120, group_by=by)
        shown = {"month": group if by == "month" else None, "group": group, "name": None}
        assert own["groups"][-1] == shown | {name: own[name] for name in MEASURED}
    asked = {"group_by": "month,salesperson", "report_currency": "EUR", "days": 120}
    both = story.world.get("reporting", "/v1/dso", customer_id=story.customer, **asked)
    assert [each["month"] for each in both["groups"]][-2:] == ["2026-03", "2026-04"]
    assert {each["group"] for each in both["groups"]} == {"lea"}
    assert both["groups"][-1]["countback"]["days"] == body["countback"]["days"]
    known = {entry["id"] for entry in story.world.get("reporting", "/v1/definitions")["data"]}
    assert {body["simple"]["definition"], body["countback"]["definition"]} <= known


def test_reminders_are_counted_by_the_groups_that_are_named(story: Story) -> None:
    path = "/v1/collection-effectiveness/reminders"
    record = {"name": "Marie", "portfolio": [{"priority": 1}]}
    saved = story.world.client("dunning").put("/v1/collectors/marie", json=record)
    asked = {"customer_id": story.customer, "min_position": saved.headers["Encours-Position"]}
    groups = "month,step,tone,segment,salesperson,collector"
    body = story.world.get("reporting", path, group_by=groups, **asked)
    owners = {tuple(row["group"][each] for each in groups.split(",")[3:]) for row in body["data"]}
    assert owners == {(None, "lea", "marie")}
    entries = story.world.get("reporting", f"/v1/customers/{story.customer}/timeline", limit=500)["data"]
    sent = [entry for entry in entries if entry["type"] == "reminder.sent"]
    assert sum(row["sent"] for row in body["data"]) == body["totals"]["sent"] == len(sent) > 0
    assert {row["group"]["tone"] for row in body["data"] if row["sent"]} <= {"cordial", "neutral", "firm"}
    assert [each["days"] for each in body["totals"]["paid_within"]] == [7, 15, 30]
    for wrong in ("step,colour", "step,step"):
        refused = story.world.client("reporting").get(path, params={"group_by": wrong})
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/group_by")


def test_a_payment_that_came_back_lowers_the_collection_of_its_month(story: Story) -> None:
    body = story.world.get("reporting", "/v1/collection-effectiveness", customer_id=story.customer)
    rows = {row["start"]: row for row in body["data"]}
    assert body["tie_out"]["equal"]
    assert rows["2026-03-01"]["collection_effectiveness"]["percent"] == 100
    april = rows["2026-04-01"]
    assert (april["end"], april["collection_effectiveness"]["reason"]) == (TODAY, "nothing-to-collect")
    assert (april["overdue_rate"]["percent"], april["working_capital"]["late"]["amount"]) == (100, "120.00")


def test_a_payment_that_came_back_makes_the_delay_open_again(story: Story) -> None:
    path, debtor = "/v1/payment-delays", {"customer_id": story.customer, "group_by": "customer"}
    before = story.world.get("reporting", path, known_at=story.paid_at, as_of=UNDONE, **debtor)
    now = story.world.get("reporting", path, **debtor)
    assert before["totals"]["settled"]["mean_days"] == 34.0
    assert [row["group"] for row in now["data"]] == [story.customer]
    assert (now["totals"]["settled"]["count"], now["totals"]["open_late"]["longest_days_so_far"]) == (0, 75)
    (january,) = now["cohorts"]
    owned = story.world.get("reporting", path, **debtor | {"group_by": "salesperson"})["groups"]
    months = {"seasonality": now["seasonality"], "cohorts": now["cohorts"]}
    assert now["groups"] == [{"group": story.customer} | months]
    assert owned == [{"group": "lea"} | months]
    assert (january["month"], january["recovered_rate"]["percent"]) == ("2026-01-01", 0)
    assert january["at_risk_rate"]["reason"] == "not-known-yet"


def test_cash_is_expected_of_the_debt_that_came_back_and_past_forecasts_say_what_came(story: Story) -> None:
    debtor = {"customer_id": story.customer}
    body = story.world.get("reporting", "/v1/cash-forecast", by="month", until="2026-07-31", **debtor)
    assert [(row["start"], row["end"]) for row in body["data"]][:2] == [
        ("2026-04-21", "2026-04-30"), ("2026-05-01", "2026-05-31"),
    ]  # fmt: skip
    assert body["data"][0]["due_date_basis"]["amount"] == body["parts"]["overdue"]["amount"] == "120.00"
    expected = sum(float(row["expected"]["amount"]) for row in body["data"])
    assert 0 < expected == pytest.approx(120 - float(body["parts"]["beyond_horizon"]["amount"]))
    assert body["tie_out"]["equal"]
    known = story.world.get("reporting", "/v1/cash-forecast", known_at=story.paid_at, as_of=UNDONE, **debtor)
    assert known["parts"]["expectable"]["amount"] == "0.00"
    past = {"known_at": story.paid_at, "as_of": "2026-03-16", "weeks": 2} | debtor
    body = story.world.get("reporting", "/v1/cash-forecast/accuracy", **past)
    assert [(week["made_on"], week["came"]["amount"]) for week in body["data"]] == [
        ("2026-03-02", "0.00"), ("2026-03-02", "120.00"), ("2026-03-09", "120.00"),
    ]  # fmt: skip
    assert body["totals"]["came"]["amount"] == "120.00"
    for wrong in ({"until": TODAY}, {"by": "day", "until": "2026-12-31"}):
        refused = story.world.client("reporting").get("/v1/cash-forecast", params=debtor | wrong)
        assert refused.status_code == 422


def test_a_payment_far_above_the_others_is_named_with_its_reason(story: Story) -> None:
    world = story.world
    customer = world.customer(name="Atelier Morel SARL")
    for _ in range(8):
        world.payment(customer, "100.00", "2026-04-10")
    paid_at, odd = world.position, world.payment(customer, "5000.00", "2026-04-19")["id"]
    body = world.get("reporting", "/v1/anomalies", customer_id=customer, lang="fr")
    assert [(row["kind"], row["object_id"], row["amount"]["amount"]) for row in body["data"]] == [
        ("payment_amount", odd, "5000.00")
    ]
    assert body["data"][0]["reason"].startswith(
        "Paiement de 5\u202f000,00\u00a0EUR ; les 8 précédents : environ 100,00\u00a0EUR"
    )
    for before in ({"known_at": paid_at}, {"as_of": "2026-04-18"}, {"kind": "unpaid"}):
        assert world.get("reporting", "/v1/anomalies", customer_id=customer, **before)["data"] == []
    refused = world.client("reporting").get("/v1/anomalies", params={"from": "2020-01-01"})
    assert refused.status_code == 422


def test_a_published_figure_stays_and_says_which_event_moved_it(story: Story) -> None:
    path = f"/v1/figures/{story.figure['id']}"
    assert story.figure["amounts"]["outstanding"]["amount"] == "0.00"
    assert story.world.get("reporting", path)["amounts"] == story.figure["amounts"]
    body = story.world.get("reporting", f"{path}/restate")
    assert body["reproduced"] is True
    assert [entry["type"] for entry in body["data"]] == ["payment.reversed", "invoice.payment_unapplied"]
    gone, back = (
        {name: money["amount"] for name, money in entry["changes"].items()} for entry in body["data"]
    )
    assert back == {"31-60": "120.00", "overdue": "120.00", "unapplied": "120.00"}
    assert gone == {"unapplied": "-120.00", "outstanding": "120.00"}
    assert {name: money["amount"] for name, money in body["difference"].items()} == {
        "31-60": "120.00", "overdue": "120.00", "outstanding": "120.00",
    }  # fmt: skip
    known = story.world.get("reporting", f"{path}/restate", known_at=story.figure["position"])
    assert (known["data"], known["difference"]) == ([], {})
    again = story.world.client("reporting").get(path, params={"as_of": TODAY})
    assert again.status_code == 200
    assert story.world.client("reporting").get(path, params={"as_of": LATE}).status_code == 404
    listed = story.world.get("reporting", "/v1/figures", figure="aged-balance", entity_id=story.world.entity)
    dated = {"as_of", "known_at", "position", "incomplete"}
    shown = {name: value for name, value in story.figure.items() if name not in dated}
    assert [{k: v for k, v in each.items() if k not in dated} for each in listed["data"]] == [shown]
    assert story.world.get("reporting", "/v1/figures", as_of=LATE)["data"] == []
    assert story.world.get("reporting", "/v1/figures", figure="dso")["data"] == []


def test_a_published_collection_shows_what_follows_from_its_amounts(story: Story) -> None:
    asked = {"figure": "collection", "title": "April", "as_of": UNDONE, "segment": "garages"}
    body = asked | {"first_day": ISSUED, "entity_id": story.world.entity, "position": story.paid_at}
    empty = story.world.post("reporting", "/v1/figures", body)
    assert (empty["amounts"]["sales"]["amount"], empty["segment"]) == ("0.00", "garages")
    published = story.world.post("reporting", "/v1/figures", {**body, "segment": None})
    amounts = {name: money["amount"] for name, money in published["amounts"].items()}
    assert (amounts["opening"], amounts["sales"], amounts["closing"]) == ("0.00", "120.00", "0.00")
    assert published["values"]["collection_effectiveness"]["number"] == 100.0
    moved = story.world.get("reporting", f"/v1/figures/{published['id']}/restate")
    assert {name: money["amount"] for name, money in moved["difference"].items()} == {
        "open": "120.00", "overdue": "120.00", "closing": "120.00",
    }  # fmt: skip
    values = {name: each["number"] for name, each in moved["restated_values"].items()}
    assert (values["collection_effectiveness"], values["overdue_rate"]) == (0.0, 100.0)
    assert values["average_days_delinquent"] == 90.0


def test_a_published_delay_is_restated_by_the_invoices_that_its_mean_is_of(story: Story) -> None:
    asked = {"figure": "payment-delay", "title": "Delays", "as_of": UNDONE, "first_day": ISSUED}
    body = asked | {"entity_id": story.world.entity, "position": story.paid_at}
    published = story.world.post("reporting", "/v1/figures", body)
    assert (published["amounts"], published["quantities"]) == ({"34": eur("120.00")}, {"34": 1})
    assert published["values"]["mean"] == {
        "definition": "payment-delay/1", "unit": "days", "number": 34.0, "amount": None, "at_least": False,
        "reason": None,
    }  # fmt: skip
    moved = story.world.get("reporting", f"/v1/figures/{published['id']}/restate")
    assert (moved["quantity_difference"], moved["reproduced"]) == ({"34": -1}, True)
    assert [entry["quantity_changes"] for entry in moved["data"] if entry["quantity_changes"]] == [{"34": -1}]
    assert moved["restated_values"]["median"]["reason"] == "nothing-settled"


def test_a_turnover_beside_its_plan_is_restated_by_a_new_version_of_the_plan(story: Story) -> None:
    world = story.world
    plan = {"entity_id": world.entity, "code": "figures", "title": "Plan", "currency": "EUR", "by": "entity"}
    month = {"month": ISSUED[:7], "billed": "80.00"}
    plan_id = world.post("reporting", "/v1/turnover-plans", plan | {"targets": [month]})["id"]
    body = {
        "figure": "turnover-plan",
        "title": "Plan",
        "entity_id": world.entity,
        "turnover_plan_id": plan_id,
    }
    published = world.post("reporting", "/v1/figures", body)
    assert published["values"]["billed_difference"]["amount"] == eur("20.00")
    assert published["values"]["collected_difference"]["reason"] == "not-planned"
    world.post("reporting", "/v1/turnover-plans", plan | {"targets": [month | {"billed": "90.00"}]})
    moved = world.get("reporting", f"/v1/figures/{published['id']}/restate", lang="fr")
    assert [(each["type"], each["changes"]) for each in moved["data"]] == [
        ("turnover_plan.set", {"billed_planned": eur("10.00")})
    ]
    assert moved["restated_values"]["billed_difference_rate"]["number"] == 11.11
    for other in ({"turnover_plan_id": "tpn_" + "0" * 32}, {"currency": "USD"}, {"as_of": LATE}):
        refused = world.client("reporting").post("/v1/figures", json=body | other)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, f"/{next(iter(other))}")


def test_a_figure_in_a_code_that_is_no_currency_is_refused_before_it_is_recorded(story: Story) -> None:
    http, of_entity = story.world.client("reporting"), {"entity_id": story.world.entity}
    before = http.get("/v1/figures", params=of_entity).json()["data"]
    refused = http.post(
        "/v1/figures", json={"figure": "past-90", "title": "No", "currency": "XXX"} | of_entity
    )
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/unknown-currency")
    assert http.get("/v1/figures", params=of_entity).json()["data"] == before


def test_a_figure_that_was_recorded_in_no_currency_is_shown_and_not_restated(story: Story) -> None:
    world = story.world
    known = before_codes_were_checked(world, story.figure["id"])
    world.position = max(world.position, known)
    path = f"/v1/figures/{NO_CURRENCY}"
    shown = world.get("reporting", path)
    [first, *others] = world.get("reporting", "/v1/figures", entity_id=world.entity)["data"]
    assert (first, others[-1]["id"]) == ({name: shown[name] for name in first}, story.figure["id"])
    assert shown["amounts"]["outstanding"] == {"amount": "0", "currency": "XXX"}
    refused = world.client("reporting").get(f"{path}/restate")
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/figure-in-no-currency")


def test_a_published_forecast_is_restated_by_debtor(story: Story) -> None:
    body = {"figure": "cash-forecast", "title": "Board", "entity_id": story.world.entity, "as_of": TODAY}
    published = story.world.post(
        "reporting", "/v1/figures", body | {"position": story.paid_at, "as_of": UNDONE}
    )
    assert (published["amounts"]["expected"], published["period"]) == (eur("0.00"), "week")
    moved = story.world.get("reporting", f"/v1/figures/{published['id']}/restate")
    [debtor] = moved["debtors"]
    assert (debtor["customer_id"], moved["reproduced"]) == (story.customer, True)
    assert debtor["changes"]["expected"] == moved["difference"]["expected"]
    assert (moved["common"], moved["further_debtors"], moved["data"]) == ({}, {}, [])
    [first, *_] = sorted(name for name in moved["restated"] if name != "expected")
    assert {f"{first}/low_80", f"{first}/high_50"} <= moved["restated_values"].keys()
    shown = story.world.get("reporting", "/v1/cash-forecast", entity_id=story.world.entity, as_of=UNDONE)
    assert shown["parts"]["expected"] == moved["restated"]["expected"]


def test_the_timeline_tells_the_story_in_order_with_the_reminders_that_went_out(story: Story) -> None:
    body = story.world.get("reporting", f"/v1/customers/{story.customer}/timeline", limit=500, lang="fr")
    types = [entry["type"] for entry in body["data"]]
    told = [
        "customer.registered", "customer.noted", "invoice.issued", "reminder.sent", "payment.received",
        "invoice.payment_applied", "payment.reversed",
    ]  # fmt: skip
    places = [types.index(name) for name in told]
    assert places == sorted(places)
    positions = [entry["position"] for entry in body["data"]]
    assert positions == sorted(positions)
    assert "Garage Dupont SARL enregistré comme client" in [entry["summary"] for entry in body["data"]]
    before = story.world.get(
        "reporting", f"/v1/customers/{story.customer}/timeline", limit=500, known_at=story.paid_at
    )
    assert "payment.reversed" not in [entry["type"] for entry in before["data"]]


def test_the_timeline_says_because_of_what(story: Story) -> None:
    body = story.world.get("reporting", f"/v1/invoices/{story.invoice}/timeline", limit=500)
    reminded, issued = (
        next(entry for entry in body["data"] if entry["type"] == name)
        for name in ("reminder.requested", "invoice.issued")
    )
    days = story.world.get("reporting", "/v1/timeline", limit=500)["data"]
    (day,) = (entry for entry in days if entry["event_id"] == reminded["causation_id"])
    assert reminded["because_of"] == {name: day[name] for name in ("position", "type", "summary")}
    assert (day["type"], day["entity"]) == ("calendar.day_opened", None)
    assert issued["because_of"] is issued["causation_id"] is None
    own = story.world.get("invoice", f"/v1/invoices/{story.invoice}/history")["data"]
    shown = {entry["position"]: entry["causation_id"] for entry in body["data"]}
    assert [each["causation_id"] for each in own] == [shown[each["position"]] for each in own]
