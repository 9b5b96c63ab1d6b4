"""The API of dunning-svc against real processes: what was decided, why, and what people may do about it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from encours.embedded.process import free_port
from encours.http.access.keys import new_key
from encours.kernel.ids import new_id
from encours.ledger.api_keys import insert_key
from encours.testing.servers import Installation
from encours.testing.waiting import HANG_S, wait_until
from tests.e2e.dunning_world import Dunning, dunning
from tests.e2e.experiments import result_is_the_same_from_rows_and_from_streams, same_on_both_sides
from tests.e2e.world import get_when_reached


class Api:
    """A caller of the API."""

    def __init__(self, client: httpx.Client, world: Dunning) -> None:
        self.http, self.world = client, world

    def get(self, path: str, **parameters: Any) -> dict[str, Any]:
        return get_when_reached(self.http, path, parameters)

    def post(
        self, path: str, body: Any = None, *, key: str | None = None, **parameters: Any
    ) -> httpx.Response:
        headers = {} if key is None else {"Idempotency-Key": key}
        return self.http.post(path, json=body, params=parameters, headers=headers)

    async def at_head(self) -> int:
        return (await self.world.ledger.head(self.world.name)).position


@asynccontextmanager
async def api(installation: Installation, folder: Path) -> AsyncIterator[Api]:
    async with dunning(installation, folder) as world:
        port = free_port()
        headers = await _headers(installation, world.name)
        world.start("api", ENCOURS_PORT=str(port))
        base = f"http://127.0.0.1:{port}"
        wait_until(lambda: _ready(base), "api")
        with httpx.Client(base_url=base, headers=headers, timeout=HANG_S) as client:
            wait_until(lambda: client.get("/v1/reminders").status_code == 200, "read model")
            yield Api(client, world)


async def _headers(installation: Installation, ledger: str, *entities: str) -> dict[str, str]:
    """Headers with a new key, for all entities of the ledger unless some are named."""
    key = new_key()
    connection = await asyncpg.connect(installation.admin_url())
    await insert_key(
        connection,
        key.id,
        key.sha256,
        label="test",
        scopes=["dunning:read", "dunning:write", "audit:read"],
        entities=[*entities],
        default_ledger=ledger,
    )
    await connection.close()
    return {"Authorization": f"Bearer {key.token}", "Encours-Ledger": ledger}


def _ready(base: str) -> bool:
    try:
        return httpx.get(f"{base}/readyz", timeout=10).status_code == 200
    except httpx.HTTPError:
        time.sleep(0.1)
        return False


async def test_what_was_decided_is_shown_explained_and_performed_again(
    installation: Installation, tmp_path: Path
) -> None:
    async with api(installation, tmp_path) as caller:
        world = caller.world
        first, second = await world.customers("a@dupont.example", None)
        await world.invoices([first, first, second])
        (early,) = await world.invoices([first], due_in=40, amount=999)
        caller.get("/v1/reminders", min_position=await caller.at_head())
        _own_text(caller, first)
        await world.live(15)
        head = await caller.at_head()

        reminders = caller.get("/v1/reminders", customer_id=first, min_position=head)
        assert [(r["step"], r["status"]) for r in reminders["data"]] == [("J+3", "sent"), ("J-5", "sent")]
        one = caller.get(f"/v1/reminders/{reminders['data'][0]['id']}")
        assert len(one["items"]) == 2
        assert one["amount"] == {"amount": "240.00", "currency": "EUR"}
        _messages_are_proven(caller, [each["id"] for each in reminders["data"]])
        path, day = f"/v1/reminders/{one['id']}", {"as_of": one["as_of"]}
        seen = caller.http.get(path, params=day, headers={"If-None-Match": '"2"'})
        assert seen.status_code == 304, "requested and sent: its stream is at version 2"
        suppressed = caller.get("/v1/reminders", status="suppressed")["data"]
        assert {r["cause"] for r in suppressed} == {"no_address"}
        assert not caller.get("/v1/reminders", invoice_id=early)["data"]

        page = caller.get("/v1/reminders", limit=1)
        assert caller.get("/v1/reminders", limit=1, cursor=page["next_cursor"])["data"][0] not in page["data"]

        for reminder in caller.get("/v1/reminders")["data"]:
            decision = caller.get(f"/v1/decisions/{reminder['decision_id']}")
            assert decision["subject_id"] == reminder["id"]
            again = caller.post(f"/v1/decisions/{reminder['decision_id']}/reperform")
            assert again.status_code == 200, again.text
            assert again.json()["equal"] is True, again.json()
            for lang in ("fr", "en"):
                told = caller.get(f"/v1/decisions/{reminder['decision_id']}/explain", lang=lang)
                assert told["reasons"]
                assert reminder["step"] in told["summary"]

        runs = caller.get("/v1/runs")["data"]
        assert len(runs) == 15
        assert {run["status"] for run in runs} == {"completed"}
        _policies_are_kept_in_versions(caller)
        own = _own_policy(caller)
        await world.live(6)
        _decided_under(caller, own, first, min_position=await caller.at_head())
        assert _differing(caller) == []
        _an_answer_takes_no_proof_away(caller, one["id"])
        await _tamper(installation, world.name, first)
        assert first in _differing(caller)


def _differing(caller: Api) -> list[str]:
    """Customers of decisions that do not follow from the ledger, after all of them were made again."""
    again = caller.post("/v1/decisions/reperform", {"from": "2020-01-01", "to": "2030-01-01"})
    assert again.status_code == 200, again.text
    found = again.json()
    assert found["decisions"] > 4
    assert found["equal"] == found["decisions"] - len(found["mismatches"])
    return [each["customer_id"] for each in found["mismatches"]]


async def _tamper(installation: Installation, ledger: str, customer_id: str) -> None:
    """Change the total of a customer's invoices in the stored bytes, as only the database's administrator can."""
    connection = await asyncpg.connect(installation.admin_url())
    await connection.execute("alter table ledger.event disable trigger append_only")
    done = await connection.execute(
        """update ledger.event set data = convert_to(regexp_replace(convert_from(data, 'UTF8'),
             '"total_minor":[0-9]+', '"total_minor":99'), 'UTF8')
            where type = 'invoice.issued' and ledger = (select id from ledger.ledgers where name = $1)
              and convert_from(data, 'UTF8') like '%' || $2 || '%'""",
        ledger,
        customer_id,
    )
    await connection.execute("alter table ledger.event enable always trigger append_only")
    assert done != "UPDATE 0"
    await connection.close()


def _own_text(caller: Api, customer_id: str) -> None:
    """A text of the first reminder in French, tried on the customer before it is saved."""
    text = {"subject": "Rappel {{ numbers }}", "text": "Merci de payer :\n\n{{ items }}\n\n{{ total }}"}
    path = "/v1/templates/first/fr"
    tried = caller.post(f"{path}/preview", text | {"customer_id": customer_id})
    assert tried.status_code == 200, tried.text
    assert tried.json()["subject"].startswith("Rappel FAC-")
    assert caller.post(f"{path}/preview", {"customer_id": customer_id}).json()["version"] == 0
    refused = caller.http.put(path, json=text | {"text": "{{ custommer }}"})
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/template-refused")
    saved = caller.http.put(path, json=text)
    assert saved.status_code == 200, saved.text
    listed = caller.get("/v1/templates", min_position=int(saved.headers["Encours-Position"]))["data"]
    assert [each["version"] for each in listed if each["status"] == "in_force"] == [1]
    assert caller.get(path)["versions"][0]["subject"] == text["subject"]


def _messages_are_proven(caller: Api, reminder_ids: list[str]) -> None:
    """The first reminder from the saved text, the announcement from the shipped one, as they arrived."""
    subjects = [mail["Subject"] for mail in caller.world.mails()]
    for reminder_id, version in zip(reminder_ids, (1, 0), strict=True):
        shown = caller.get(f"/v1/reminders/{reminder_id}")["message"]
        again = caller.get(f"/v1/reminders/{reminder_id}/message")
        assert (shown["version"], again["agrees"], again["sent"]) == (version, True, shown)
        assert again["subject"] in subjects


def _an_answer_takes_no_proof_away(caller: Api, reminder_id: str) -> None:
    """The message stays on record once the reminder is more than sent."""
    sent = caller.get(f"/v1/reminders/{reminder_id}")["message"]
    subject = caller.get(f"/v1/reminders/{reminder_id}/message")["subject"]
    answer = EmailMessage()
    answer["From"], answer["Message-ID"] = "a@dupont.example", "<thanks@dupont.example>"
    answer["In-Reply-To"] = next(m["Message-ID"] for m in caller.world.mails() if m["Subject"] == subject)
    answer.set_content("Thank you for your message.")
    put = caller.http.post(
        "/v1/replies", content=answer.as_bytes(), headers={"Content-Type": "message/rfc822"}
    )
    assert put.status_code == 201, put.text
    shown = caller.get(f"/v1/reminders/{reminder_id}", min_position=int(put.headers["Encours-Position"]))
    assert (shown["status"], shown["message"]) == ("answered", sent)


def _own_policy(caller: Api) -> str:
    """A policy for all customers whose next step is five days after the due date."""
    steps = [
        {"code": "J+1", "offset_days": 1, "act": "email", "template": "first"},
        {"code": "J+5", "offset_days": 5, "act": "call", "interval_days": 1},
    ]
    body = {"name": "Calls", "priority": 40, "steps": steps, "minimums": {"EUR": "1.00"}}
    made = caller.post("/v1/policies", body)
    assert made.status_code == 201, made.text
    policy_id: str = made.json()["id"]
    grounds = {"version": 1, "reason": "Tried", "without_backtest": "New"}
    done = caller.post(f"/v1/policies/{policy_id}/activate", grounds)
    assert done.status_code == 200, done.text
    return policy_id


def _decided_under(caller: Api, policy_id: str, customer_id: str, min_position: int) -> None:
    tasks = caller.get("/v1/tasks", customer_id=customer_id, min_position=min_position)["data"]
    decision = caller.get(f"/v1/decisions/{tasks[0]['decision_id']}")
    assert (decision["step"], decision["channel"]) == ("J+5", "phone")
    assert (decision["basis"]["policy_id"], decision["basis"]["choice"]["priority"]) == (policy_id, 40)
    again = caller.post(f"/v1/decisions/{decision['id']}/reperform").json()
    assert again["equal"] is True, again
    told = caller.get(f"/v1/decisions/{decision['id']}/explain")["reasons"]
    assert told[0].startswith('Policy "Calls", version 1')
    (case,) = caller.get("/v1/cases", customer_id=customer_id)["data"]
    assert {item["policy"]["id"] for item in case["items"]} == {policy_id}


def _policies_are_kept_in_versions(caller: Api) -> None:
    listed = {each["shipped_as"]: each for each in caller.get("/v1/policies")["data"]}
    assert listed["default"]["versions"][0]["document"]["steps"][-1]["code"] == "J+90"
    firm = f"/v1/policies/{listed['firm']['id']}"
    activated = caller.post(f"{firm}/activate", {"version": 1, "reason": "Chosen", "without_backtest": "New"})
    assert activated.status_code == 200, activated.text
    assert activated.json()["status"] == "in_force"

    yaml = {"Accept": "application/yaml", "Content-Type": "application/yaml"}
    text = caller.http.get(f"{firm}/versions/1", headers=yaml).text
    made = caller.http.post("/v1/policies", content=text.replace("name: Firm", "name: Own"), headers=yaml)
    assert made.status_code == 201, made.text
    path = made.headers["Location"]
    wrong = caller.http.post(f"{path}/versions", content="*a", headers=yaml)
    assert (wrong.status_code, wrong.json()["type"]) == (400, "/problems/unreadable-yaml")
    retired = caller.post(f"{firm}/retire", {"reason": "Tried"})
    assert retired.json()["status"] == "retired"
    position = int(retired.headers["Encours-Position"])
    assert caller.get(firm, known_at=position - 2)["status"] == "in_force"
    shown = [each["name"] for each in caller.get("/v1/policies", min_position=position)["data"]]
    assert shown[:2] == ["Firm", "Own"] or shown[:2] == ["Own", "Firm"]


async def test_the_past_is_answered_as_it_was_known(installation: Installation, tmp_path: Path) -> None:
    async with api(installation, tmp_path) as caller:
        world = caller.world
        experiment = same_on_both_sides(caller)
        (debtor,) = await world.customers("a@dupont.example")
        (bill,) = await world.invoices([debtor])
        before = await caller.at_head()
        await world.live(5)
        noticed, noticed_on = await caller.at_head(), world.today
        await world.live(1)
        await world.pay(bill, debtor, 12_000)
        head = await caller.at_head()

        assert caller.get("/v1/cases", customer_id=debtor, min_position=head)["data"] == []
        then = caller.get("/v1/cases", customer_id=debtor, known_at=str(noticed))
        (case,) = then["data"]
        assert (case["items"][0]["level"], case["items"][0]["next_step"]["code"]) == ("J-5", "J+3")
        (by_date,) = caller.get("/v1/cases", customer_id=debtor, as_of=str(noticed_on))["data"]
        assert by_date["items"][0]["open"]["amount"] == "120.00"
        (untouched,) = caller.get("/v1/cases", customer_id=debtor, known_at=str(before))["data"]
        assert untouched["items"][0]["level"] is None
        assert caller.get("/v1/reminders", known_at=str(before))["data"] == []
        assert caller.get("/v1/reminders", as_of=str(noticed_on - timedelta(days=1)))["data"] == []
        assert len(caller.get("/v1/reminders")["data"]) == 1
        result_is_the_same_from_rows_and_from_streams(caller, experiment, head)


async def test_a_hold_rests_the_ladder_and_a_task_is_completed_once(
    installation: Installation, tmp_path: Path
) -> None:
    async with api(installation, tmp_path) as caller:
        world = caller.world
        held, called, promising = await world.customers(
            "a@dupont.example", "b@dupont.example", "c@dupont.example"
        )
        *_, bill = await world.invoices([held, called, promising])
        until = world.today + timedelta(days=13)
        body = {"until": str(until), "reason": "promised by phone"}
        answer = caller.post(f"/v1/customers/{held}/holds", body, key="hold-1")
        assert answer.status_code == 201, answer.text
        again = caller.post(f"/v1/customers/{held}/holds", body, key="hold-1")
        assert (again.status_code, again.json()) == (201, answer.json())
        assert again.headers["Idempotency-Replayed"] == "true"
        unknown = "cus_" + "0" * 32
        assert caller.post(f"/v1/customers/{unknown}/holds", body).status_code == 404
        past = body | {"until": "2020-01-01"}
        assert caller.post(f"/v1/customers/{called}/holds", past).status_code == 422

        promise = _promised(caller, bill)
        await world.live(2)
        await world.pay(bill, promising, 6_000)
        await world.live(23)
        head = await caller.at_head()
        shown = caller.get(f"/v1/promises/{promise['id']}", min_position=head)
        assert (shown["status"], shown["received"]) == ("kept", promise["amount"])
        assert [p["id"] for p in caller.get("/v1/promises", status="kept")["data"]] == [promise["id"]]
        assert caller.get("/v1/promises", as_of=promise["promised_on"])["data"][0]["status"] == "open"
        rested = caller.get("/v1/reminders", customer_id=held, min_position=head)["data"]
        assert [(r["step"], r["status"], r["cause"]) for r in reversed(rested)] == [
            ("J-5", "suppressed", "customer_on_hold"),
            ("J+3", "suppressed", "customer_on_hold"),
            ("J+3", "sent", None),
        ]
        assert rested[0]["day"] == str(until + timedelta(days=1))

        tasks = caller.get("/v1/tasks", customer_id=called)["data"]
        assert [(t["kind"], t["status"]) for t in tasks] == [("call", "open")]
        path = f"/v1/tasks/{tasks[0]['id']}/complete"
        _collectors_own_tasks(caller, called, tasks[0]["id"])
        outcome = {"outcome": "promised", "text": "next week", "promise": {"promised_on": str(world.today)}}
        done = caller.post(path, outcome)
        assert (done.status_code, done.json()["status"]) == (200, "completed"), done.text
        assert done.json()["promise_id"].startswith("prm_")
        assert caller.post(path, outcome).status_code == 200
        assert caller.post(path, {"outcome": "disputed"}).status_code == 409
        position = done.headers["Encours-Position"]
        assert caller.get("/v1/tasks", status="open", customer_id=called, min_position=position)["data"] == []


def _promised(caller: Api, invoice_id: str) -> dict[str, Any]:
    """A promise of half an invoice, in the place of an earlier one and of one that was withdrawn."""
    day = str(caller.world.today + timedelta(days=4))
    body = {
        "invoice_ids": [invoice_id],
        "promised_on": day,
        "amount": {"amount": "120.01", "currency": "EUR"},
    }
    assert caller.post("/v1/promises", body).json()["type"] == "/problems/promise-above-owed"
    body["amount"] = {"amount": "60.00", "currency": "EUR"}
    first, second, third = (caller.post("/v1/promises", body).json() for _ in range(3))
    withdrawn = caller.post(f"/v1/promises/{third['id']}/withdraw", {"reason": "Misunderstood"})
    assert (withdrawn.status_code, withdrawn.json()["status"]) == (200, "withdrawn")
    assert caller.post(f"/v1/promises/{second['id']}/withdraw", {"reason": "Again"}).status_code == 409
    assert caller.get(f"/v1/promises/{first['id']}")["replaced_by"] == second["id"]
    made = caller.post("/v1/promises", body)
    assert made.status_code == 201, made.text
    shown: dict[str, Any] = made.json()
    return shown


def _collectors_own_tasks(caller: Api, customer_id: str, task_id: str) -> None:
    today, portfolio = caller.world.today, [{"priority": 5, "applies_to": {"customers": [customer_id]}}]
    absence = {"first_day": str(today + timedelta(days=1)), "last_day": str(today + timedelta(days=10))}
    records: dict[str, dict[str, Any]] = {
        "paul": {"capacity": 1_000},
        "marie": {"portfolio": portfolio, "substitute": "paul", "absences": [absence], "capacity": 1},
    }
    for code, record in records.items():
        saved = caller.http.put(f"/v1/collectors/{code}", json={"name": code.title()} | record)
        assert saved.status_code == 200, saved.text
    position = saved.headers["Encours-Position"]
    assert [each["code"] for each in caller.get("/v1/collectors", min_position=position)["data"]] == [
        "marie",
        "paul",
    ]
    owners = [
        caller.get(f"/v1/customers/{customer_id}/collector", on=str(today + timedelta(days=n)))["owner"]
        for n in (0, 1, 10, 11)
    ]
    assert owners == ["marie", "paul", "paul", "marie"]
    (task,) = caller.get("/v1/tasks", owner="marie")["data"]
    assert (task["id"], task["owner"], task["escalated_from"]) == (task_id, "marie", None)
    assert caller.get("/v1/worklist", collector="paul")["data"] == []
    (listed,) = caller.get("/v1/worklist", collector="marie", lang="fr")["data"]
    assert (listed["customer_id"], listed["overdue"]["amount"]) == (customer_id, "120.00")
    assert (listed["value_at_risk"]["amount"], listed["reasons"]) == ("2.40", ["task_due"])
    assert listed["text"][0].startswith("Montant à risque 2,40")
    wanted = {"collectors": ["marie", "paul"], "by": "value", "currency": "EUR", "reason": "Paul is new"}
    planned = caller.post("/v1/collectors:rebalance", wanted, dry_run="true").json()
    assert [each["before"]["customers"] for each in planned["collectors"]] == [1, 0], planned
    moved = caller.post("/v1/collectors:rebalance", wanted)
    assert [each["to"] for each in moved.json()["moves"]] == ["paul"]
    assert moved.json()["moves"] == planned["moves"]
    position = moved.headers["Encours-Position"]
    assert caller.get(f"/v1/customers/{customer_id}/collector", min_position=position)["grounds"] == "given"
    assert caller.get("/v1/tasks", owner="marie")["data"] == []
    given = caller.post(
        f"/v1/tasks/{task_id}/assign", {"collector": "marie", "reason": "Knows the accountant"}
    )
    position = given.headers["Encours-Position"]
    assert caller.get("/v1/tasks", owner="paul", min_position=position)["data"] == []
    assert len(caller.get("/v1/tasks", owner="marie")["data"]) == 1


async def test_a_preview_writes_nothing_and_a_run_asked_for_again_is_the_same(
    installation: Installation, tmp_path: Path
) -> None:
    async with api(installation, tmp_path) as caller:
        world = caller.world
        first, second = world.entity, new_id("ent")
        await world.invoices(await world.customers("a@dupont.example", None))
        world.entity = second
        await world.creditor()
        await world.invoices(await world.customers("b@dupont.example"))
        await world.live(4)
        head = await caller.at_head()
        caller.get("/v1/runs", min_position=head)
        on = str(world.today + timedelta(days=1))
        planned = caller.post("/v1/runs", {"on": on}, dry_run="true").json()
        assert (planned["requested"], planned["suppressed"], planned["tasks"]) == (2, 1, 0)
        later = caller.post("/v1/runs", {"on": str(world.today + timedelta(days=40))}, dry_run="true").json()
        assert {(plan["kind"], plan["step"]) for plan in later["data"]} == {
            ("reminder", "J+3"),
            ("task", "J+15"),
        }
        assert {step["cause"] for plan in later["data"] for step in plan["suppressed"]} == {"earlier_step"}
        assert await caller.at_head() == head
        assert caller.post("/v1/runs", {"on": on}).status_code == 409

        run = await world.live(1)
        head = await caller.at_head()
        caller.get("/v1/runs", min_position=head)
        asked = caller.post("/v1/runs", {"on": on})
        assert asked.status_code == 200, asked.text
        assert (
            (asked.json()["requested"], asked.json()["suppressed"])
            == (run.requested, run.suppressed)
            == (2, 1)
        )
        assert caller.post("/v1/runs", {"on": on}).json() == asked.json()
        assert await caller.at_head() == head
        assert len(world.mails()) == 2

        for entity, counts in ((first, (1, 1)), (second, (1, 0))):
            own = await _headers(installation, world.name, entity)
            (listed,) = [
                row for row in caller.http.get("/v1/runs", headers=own).json()["data"] if row["on"] == on
            ]
            for shown in (listed, caller.http.post("/v1/runs", json={"on": on}, headers=own).json()):
                assert (shown["requested"], shown["suppressed"]) == counts, entity
