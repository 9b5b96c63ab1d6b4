"""Calls of the README and of pages in docs/ work as they are printed: only the ports and the
place of the key are the test's. The demo that they ask about loads through the API, goes on where it was stopped, and
loads once.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from encours.demo import Loaded, load
from encours.demo.orders import BILLED_AFTER, ORDER_DAYS, orders_of
from encours.demo.source import retail_invoices
from encours.embedded.process import free_port
from encours.testing.system import System
from encours.testing.waiting import HANG_S, wait_until
from tests.e2e import fec
from tests.e2e.exporting import fec_of
from tests.e2e.post_credit import CREDIT as CREDIT_REQUESTS
from tests.e2e.takeover import Takeover
from tests.e2e.world import World, eur, line

ROOT = Path(__file__).parents[2]
README, POLICIES = ROOT / "README.md", ROOT / "docs" / "policies.md"
CREDIT, SCORE = ROOT / "docs" / "credit.md", ROOT / "docs" / "score.md"
INSURANCE = ROOT / "docs" / "insurance.md"
PROVISIONS = ROOT / "docs" / "provisions.md"
COLLECTORS = ROOT / "docs" / "collectors.md"
MATCHING = ROOT / "docs" / "matching.md"
SANDBOXES = ROOT / "docs" / "sandboxes.md"
EXPORTS = ROOT / "docs" / "exports.md"
MEASURES = ROOT / "docs" / "measures.md"
WEBHOOKS = ROOT / "docs" / "webhooks.md"
PORTS = {"8001": "invoice", "8002": "dunning", "8003": "risk", "8004": "reporting"}
UNTIL = date(2011, 1, 2)


def blocks(system: System, document: Path, count: int) -> list[str]:
    """The shell blocks, pointed at this installation."""
    text = document.read_text(encoding="utf-8").replace("var/admin-key", str(system.layout.admin_key))
    for port, service in PORTS.items():
        text = text.replace(f"localhost:{port}", system.url(service).removeprefix("http://"))
    found = re.findall(r"```bash\n(.*?)```", text, re.DOTALL)
    assert len(found) == count, f"a new block of {document.name} wants a test here"
    return found


def answers(script: str) -> list[dict[str, object]]:
    """Run a block as a person would paste it; every answer that it prints."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        capture_output=True,
        text=True,
        timeout=HANG_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    decoder, text, found = json.JSONDecoder(), done.stdout.strip(), []
    while text:
        document, end = decoder.raw_decode(text)
        found.append(document)
        text = text[end:].lstrip()
    return found


@pytest.fixture(scope="module")
def first_calls(system: System) -> list[dict[str, Any]]:
    """Answers to the first calls of the README, which other pages build on."""
    return answers(blocks(system, README, 2)[0])


def test_the_first_calls_work_as_printed(first_calls: list[dict[str, Any]]) -> None:
    invoice, payment, balance, check = first_calls
    assert invoice["outstanding"] == {"amount": "431.52", "currency": "EUR"}
    assert payment["status"] == "allocated"
    assert [row["outstanding"]["amount"] for row in balance["data"]] == ["231.52"]
    assert balance["tie_out"]["equal"] is True
    assert check["decision"] == "refer"


def test_a_bank_line_is_proposed_and_booked_as_printed(
    system: System, first_calls: list[dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    account, taken, proposed, booked = answers("\n".join(blocks(system, MATCHING, 2)))
    assert (account["id"], taken["new_lines"]) == (first_calls[0]["entity_id"], 1)
    proposal: Any = proposed["proposals"][0]  # type: ignore[index]
    assert (proposal["score"], proposed["status"]) == (75, "proposed")
    assert (booked["id"], booked["status"], booked["amount"]) == (
        proposed["line_id"],
        "booked",
        eur("240.00"),
    )


def test_a_policy_is_read_activated_copied_and_retired_as_printed(
    system: System, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    listed, tried, activated, copied, run, retired = answers("\n".join(blocks(system, POLICIES, 5)))
    shipped = {policy["shipped_as"] for policy in listed["data"]}  # type: ignore[attr-defined]
    assert shipped == {"default", "cordial", "firm", "strategic_accounts", "small_amounts"}
    assert [each["status"] for each in (activated, copied, retired)] == ["in_force", "draft", "retired"]
    assert copied["name"] == "Firm in the south"
    assert tried["state"] == "completed"
    assert activated["activation"]["backtest_id"] == tried["id"]  # type: ignore[index]
    assert run["on"] == "2026-02-02"


def test_collectors_stand_in_for_each_other_as_printed(system: System) -> None:
    paul, marie, listed, planned, worklist = answers("\n".join(blocks(system, COLLECTORS, 3)))
    assert (paul["code"], marie["substitute"]) == ("paul", "paul")
    acting = {each["code"]: each["acting"] for each in listed["data"]}  # type: ignore[attr-defined]
    assert acting == {"marie": "paul", "paul": "paul"}
    assert planned["dry_run"] is True
    assert worklist["formula"]["bands"][0] == {"from_days": 1, "percent": 2}  # type: ignore[index]


def test_a_webhook_is_received_and_verified_as_printed(
    system: System, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (receiver,) = re.findall(r"```python\n(.*?)```", WEBHOOKS.read_text("utf-8"), re.DOTALL)
    Path("receiver.py").write_text(receiver)
    script = "trap 'kill $(jobs -p)' EXIT\n" + "\n".join(blocks(system, WEBHOOKS, 2))
    script = script.replace("8099", str(free_port())).replace(
        "python3 receiver.py", f"{sys.executable} receiver.py"
    )
    entity, webhook, delivered, replayed, rotated, deleted = answers(script)
    received = Path("received.txt").read_text().split()
    assert received[1:3] == ["entity.registered", entity["id"]]
    delivery: Any = delivered["data"][0]  # type: ignore[index]
    assert delivery["stream"] == entity["id"]
    assert (webhook["state"], webhook["dead"]) == ("active", 0)
    assert rotated["secret"] != json.loads(Path("webhook.json").read_text())["secret"]
    assert [each["id"] for each in (replayed, rotated, deleted)] == [webhook["id"]] * 3


@pytest.mark.usefixtures("first_calls")
def test_measures_as_printed(system: System) -> None:
    found = answers("\n".join(blocks(system, MEASURES, 6)))
    aged, board, groups, collected, reminded, delayed, unlike, figure, restated = found
    assert (unlike["definition"], unlike["left_out"]) == ("anomaly/2", 0)
    (euros,) = (each for each in groups["totals"] if each["currency"] == "EUR")  # type: ignore[attr-defined]
    assert euros["outstanding"] == board["totals"]["outstanding"]  # type: ignore[index]
    shown = {each["currency"] for each in aged["currencies"]}  # type: ignore[attr-defined]
    assert shown == {each["currency"] for each in groups["totals"]}  # type: ignore[attr-defined]
    assert (figure["values"]["dso"]["reason"], restated["reproduced"]) == ("no-turnover", True)  # type: ignore[index]
    assert restated["data"] == []
    assert (collected["group_by"], delayed["group_by"]) == ("salesperson", "salesperson")
    assert reminded["definition"] == "reminder-yield/1"
    assert len({row["start"] for row in collected["data"]}) == 12  # type: ignore[attr-defined]


def test_a_limit_an_order_and_a_hold_as_printed(system: System) -> None:
    found = answers("\n".join(blocks(system, CREDIT, 7)))
    limit, guarantee, ruled, consumed, exposure, cleared, queue, overridden, released, policy, file = found
    assert (limit["state"], guarantee["kind"]) == ("approved", "bank")
    assert (consumed["status"], consumed["delivered"]) == (
        "reserved",
        {"amount": "700.00", "currency": "EUR"},
    )
    kinds = [rule["kind"] for rule in ruled["terms"]]  # type: ignore[attr-defined]
    assert kinds == ["deposit", "shorter_delay", "early_discount", "guarantee"]
    assert exposure["headroom"] == {"amount": "300.00", "currency": "EUR"}
    assert cleared["orders"] == {"need_reservation": True, "grace_days": 14, "direct_invoices": "free"}
    assert [order["order_ref"] for order in queue["data"]] == ["WEB-20419"]  # type: ignore[attr-defined]
    assert (overridden["status"], released["end"], policy["version"]) == ("reserved", "by_hand", 3)
    assert file["holds"] == []


def test_facts_as_printed(system: System) -> None:
    told, extract, account = blocks(system, ROOT / "docs" / "credit-file.md", 3)
    found = answers(f"{told}\n{extract}")[-1]
    assert [(each["kind"], each["in_force"]) for each in found["data"]] == [  # type: ignore[attr-defined]
        ("observation", True),
        ("company_status", True),
    ]
    opening = answers(f"{told}\n{account}")[-1]
    assert (opening["state"], opening["missing"]) == ("requested", [])
    (warned,) = blocks(system, ROOT / "docs" / "warnings.md", 1)
    rules, listed = answers(warned)
    assert (rules["partial_payments"], listed["data"]) == (None, [])


def test_a_payment_model_is_fitted_listed_and_activated_as_printed(system: System, tmp_path: Path) -> None:
    world = World.make(system)
    CREDIT_REQUESTS["/v1/score-models"](world)
    granted = system.json("keys", "create", "--scope", "*", "--label", "score", "--ledger", world.ledger)
    key = tmp_path / "key"
    key.write_text(granted["key"])
    (script,) = blocks(system, SCORE, 1)
    script = script.replace(".venv/bin/encours", str(Path(sys.executable).parent / "encours"))
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script.replace(str(system.layout.admin_key), str(key))],
        env=system.environment() | {"ENCOURS_API_KEY": granted["key"]},
        capture_output=True,
        text=True,
        timeout=HANG_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    printed, activated = done.stdout.split("{", 1)
    for version in ("own-1, plain", "own-2, boosted"):
        assert f"Version {version}, fitted to 84 invoices of 2 customers" in printed
    assert "default-1" in printed
    models = json.loads("{" + activated)
    assert (models["active"], [each["kind"] for each in models["data"]]) == (
        "own-2",
        ["plain", "plain", "boosted"],
    )


def test_a_sandbox_is_made_advanced_compared_and_dropped_as_printed(system: System) -> None:
    make, advance, compare, drop = blocks(system, SANDBOXES, 4)
    made, proof = answers(make)
    assert (made["source"], proof["equal"], proof["positions"]) == ("main", True, made["position"])
    definitions = "".join(make.splitlines(keepends=True)[:2])
    (clock,) = answers(definitions + advance)
    with system.client("invoice", "what-if") as http:
        path = "/v1/ledgers/what-if/clock"
        wait_until(
            lambda: http.get(path).json()["state"] == "idle", "the clock of the sandbox does not advance"
        )
        assert http.get(path).json()["today"] == clock["target"]
    compared, dropped = answers(definitions + compare), answers(definitions + drop)
    assert [each["state"] for each in (*compared, *dropped)] == ["ready", "dropped"]


def test_an_insured_customer_and_a_deadline_that_is_met_as_printed(system: System) -> None:
    printed = answers("\n".join(blocks(system, INSURANCE, 5)))
    contract, reduced, listed, met, declared, premiums, lost, exposure = printed
    assert (contract["version"], reduced["kind"]) == (1, "permanent")
    assert [row["period"] for row in listed["data"]] == ["2026-Q1"]  # type: ignore[attr-defined]
    assert (met["last_day"], met["in_time"]) == ("2026-04-30", True)
    assert (declared["turnover"], declared["met_on"]) == (eur("1250000.00"), "2026-04-20")
    year = premiums["data"][0]  # type: ignore[index]
    assert (year["periods"][0]["premium"], year["due"]) == (eur("2250.00"), eur("9000.00"))
    assert (lost["claims"], lost["insured"]) == (0, {"amount": "0.00", "currency": "EUR"})
    covers = [share["cover"] for share in exposure["insured"]]  # type: ignore[attr-defined]
    assert covers == [{"amount": "30000.00", "currency": "EUR"}]
    a_late_invoice_loses_its_claim_and_stops_the_cover(system, exposure)


def a_late_invoice_loses_its_claim_and_stops_the_cover(system: System, insured: dict[str, Any]) -> None:
    """An invoice of 200 days ago, paid by nobody."""
    customer, today = insured["customer_id"], date.fromisoformat(insured["as_of"])
    issued_on = today - timedelta(days=200)
    with system.client("invoice", "main") as http:
        draft = {
            "entity_id": insured["entity_id"],
            "customer_id": customer,
            "series": "FAC",
            "lines": [line()],
        }
        made = http.post("/v1/invoices", json=draft | {"issue": True, "issued_on": str(issued_on)})
        assert made.status_code == 201, made.text
    with system.client("risk", "main") as http:
        shown = {"min_position": made.headers["encours-position"]}
        listed = http.get("/v1/deadlines", params=shown | {"customer_id": customer}).json()["data"]
        assert {(each["kind"], each["status"]) for each in listed} == {
            ("overdue_notice", "missed"), ("hand_over", "missed"), ("stop_of_cover", "missed"),
        }  # fmt: skip
        [share] = http.get(f"/v1/customers/{customer}/exposure", params=shown).json()["insured"]
        amounts = [share[name]["amount"] for name in ("cover", "covered", "insured", "lost")]
        assert amounts == ["0.00", "0.00", "0.00", "120.00"]
        order = {"customer_id": customer, "amount": eur("10.00")}
        refused = http.post("/v1/checks", json=order).json()
        assert "cover-stopped" in {reason["code"] for reason in refused["reasons"]}
        period = {"from": str(issued_on), "to": str(today)}
        path = "/v1/insurance-contracts/CREDIT-2026/lost-claims"
        lost = http.get(path, params=shown | period).json()
        assert [(each["kind"], each["insured"]["amount"]) for each in lost["data"]] == [
            ("overdue_notice", "108.00")
        ]


@pytest.mark.usefixtures("first_calls")
def test_a_fec_is_asked_for_as_printed(
    system: System, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (export,) = answers(blocks(system, EXPORTS, 1)[0])
    manifest: Any = export["manifest"]
    rows = fec.read(manifest["file_name"], (tmp_path / manifest["file_name"]).read_bytes())
    assert len(rows) == manifest["lines"]


def test_expected_loss_is_adjusted_and_shown_as_printed(system: System) -> None:
    overlay, found = answers("\n".join(blocks(system, PROVISIONS, 1)))
    assert overlay["version"] == 1
    matrix = found["matrices"][0]  # type: ignore[index]
    assert matrix["outstanding"] == {"amount": "1000.00", "currency": "EUR"}
    cells = [(cell["band"], cell["rate_ppm"], cell["expected_loss"]) for cell in matrix["cells"]]
    assert cells == [("not_due", None, None)]


@pytest.fixture(scope="module")
def loaded(system: System) -> tuple[Loaded, list[str]]:
    """Its first days, and the stages that were reported."""
    stages: list[str] = []
    done = load(system.url, system.key, lambda stage, *_: stages.append(stage), until=UNTIL)
    system.wait_caught_up("demo")
    return done, list(dict.fromkeys(stages))


def test_the_first_days_of_the_demo_come_out_and_a_second_start_finds_them(
    system: System, loaded: tuple[Loaded, list[str]]
) -> None:
    first, stages = loaded
    assert (first.already, first.rejected) == (False, 0)
    assert first.lines > 18_532 + 4_338
    assert stages == ["making the demo", "taking the files over", "running through the year"]

    takeover = Takeover(system, "demo", system.client("invoice", "demo"))
    real = {i.number: i for i in retail_invoices() if i.issued_on <= UNTIL}
    shown = takeover.invoices()
    assert {invoice["number"]: invoice["total"]["amount"] for invoice in shown} == {
        number: f"{invoice.total_minor // 100}.{invoice.total_minor % 100:02d}"
        for number, invoice in real.items()
    }
    events = takeover.events()
    assert {e["data"]["generated"] for e in events if e["type"] == "import.received"} == {True, False}

    again = load(system.url, system.key, until=UNTIL)
    assert (again.already, takeover.events()[-1]["position"]) == (True, events[-1]["position"])


@pytest.mark.usefixtures("loaded")
def test_two_years_of_the_fec_of_the_demo_follow_the_rules_of_the_law_item_by_item(system: System) -> None:
    world = World(system, "demo")
    (owed,) = world.get("reporting", "/v1/aged-balance", limit=1)["data"]
    world.entity = owed["entity_id"]
    rows, _ = fec_of(world, 2010, "2010-12-31")
    assert len(rows) > 1_000
    later, _ = fec_of(world, 2011, str(UNTIL))
    brought = [row for row in later if row["JournalCode"] == "AN"]
    assert fec.balance(brought, "411") == fec.balance(rows, "411")
    assert len(brought) > 100


@pytest.mark.usefixtures("loaded")
def test_every_decision_of_the_demo_follows_from_its_ledger(system: System) -> None:
    with system.client("dunning", "demo") as http:
        again = http.post("/v1/decisions/reperform", json={"from": "2010-12-01", "to": str(UNTIL)}).json()
        assert http.get("/v1/worklist").json()["data"][0]["value_at_risk"]["currency"] == "GBP"
    assert again["decisions"] > 0
    assert (again["mismatches"], again["equal"]) == ([], again["decisions"])


@pytest.mark.usefixtures("loaded")
def test_a_limit_policy_is_tried_on_the_first_days_of_the_demo_by_the_worker(system: System) -> None:
    last = date(2010, 12, 2)
    billed = [each for each in retail_invoices() if each.issued_on <= last and each.total_minor]
    formula = {
        "currency": "GBP", "turnover_bps": 30_000, "grade_factors": dict.fromkeys("ABCDE", 10_000),
        "max_days_past_due": 30, "valid_days": 365,
    }  # fmt: skip
    body = {"from": "2010-12-01", "to": str(last), "policy": {"formula": formula}}
    with system.client("risk", "demo") as http:
        path = http.post("/v1/limit-policies/backtests", json=body).headers["Location"]
        wait_until(lambda: http.get(path).json()["state"] == "completed", "the back-test never ended")
        result = http.get(path).json()["result"]
        again = http.post("/v1/decisions/reperform", json={"from": "2010-12-01", "to": str(UNTIL)}).json()
    (total,) = result["totals"]
    assert (total["policy"]["orders"], result["left_out"]) == (len(billed), 0)
    assert total["policy"]["amount"]["amount"] == str(Decimal(sum(each.total_minor for each in billed)) / 100)
    assert total["policy"]["refused"] > 0, "a customer's first order is above three times nothing"
    assert total["present"]["referred"] == len(billed), "no limit is set yet"
    assert again["mismatches"] == []


@pytest.mark.usefixtures("loaded")
def test_the_first_orders_of_the_demo_are_decided_and_billed_and_follow_from_its_ledger(
    system: System,
) -> None:
    billed_on = ORDER_DAYS[0] + BILLED_AFTER
    orders = {order.order_ref: order for order in orders_of(ORDER_DAYS[0], retail_invoices())}
    with system.client("risk", "demo") as http:
        found = http.get("/v1/reservations", params={"limit": 500}).json()["data"]
        again = http.post("/v1/decisions/reperform", json={"from": "2010-12-01", "to": str(UNTIL)}).json()
    takeover = Takeover(system, "demo", system.client("invoice", "demo"))
    consumed = Counter[str]()
    for event in takeover.events():
        if event["type"] == "reservation.consumed":
            assert event["effective_on"] == str(billed_on)
            consumed[event["data"]["reservation_id"]] += event["data"]["amount_minor"]
    assert {each["order_ref"] for each in found} == orders.keys()
    accepted = [each for each in found if each["status"] == "consumed"]
    assert {each["status"] for each in found} == {"consumed", "released"}
    assert {each["id"]: orders[each["order_ref"]].total_minor for each in accepted} == consumed
    assert {each["decision"] for each in found} == {"accept", "refer", "refuse"}
    assert again["by_kind"]["order"] >= len(found)
    assert again["by_kind"].keys() >= {"check", "order", "override", "limit_request", "limit"}
    assert (again["mismatches"], again["equal"]) == ([], again["decisions"])


@pytest.mark.usefixtures("loaded")
def test_the_demo_is_asked_about_the_past_as_printed(system: System) -> None:
    (balance,) = answers(blocks(system, README, 2)[1])
    assert balance["as_of"] == "2010-12-31"
    assert len(balance["data"]) == 3  # type: ignore[arg-type]
    assert balance["tie_out"]["equal"] is True  # type: ignore[index]
