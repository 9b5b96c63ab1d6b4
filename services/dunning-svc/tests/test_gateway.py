"""Orders to the gateway and what it tells: taken once, asked when in doubt, each state recorded once."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec.structs import replace
from starlette.requests import Request

from dunning_svc.domain.gateway.commands import TrackMessage
from dunning_svc.domain.gateway.decide import MessageNotCarried, MessageNotSent, OutcomeNotRecorded, track
from dunning_svc.domain.reminder.state import REMINDER, Reminder
from dunning_svc.http.gateway.signing import WebhookSignatureInvalid, verified
from dunning_svc.outbox.gateway import Gateway, GatewayOrder
from dunning_svc.outbox.orders import order
from dunning_svc.use_cases.messages import written
from dunning_svc.use_cases.runs import OutgoingReminder
from encours.contracts import Event
from encours.contracts.events.dunning.reminders import (
    ReminderFailed,
    ReminderSent,
    TaskRaised,
)
from encours.contracts.events.dunning.replies import ReminderTracked
from encours.embedded.gateway import LocalGateway
from encours.kernel.ids import derived_id
from encours.testing.events import event
from encours.testing.history import happened
from tests.histories.letters import CREDITOR, CUSTOMER, reminder

SECRET = "whsec_" + "A" * 32
REM = derived_id("rem", 1)
TODAY = date(2026, 5, 4)
Handler = Callable[[httpx.Request], httpx.Response]


@asynccontextmanager
async def client_to(answer: Handler | LocalGateway) -> AsyncIterator[Gateway]:
    """A client whose requests are answered in this process."""
    transport: httpx.AsyncBaseTransport = (
        httpx.ASGITransport(answer.app) if isinstance(answer, LocalGateway) else httpx.MockTransport(answer)
    )
    gateway = Gateway("http://gateway.test/", SECRET, transport=transport)
    try:
        yield gateway
    finally:
        await gateway.close()


def registered(town: str = "69002 Lyon", channel: str = "registered_letter") -> GatewayOrder:
    customer = replace(CUSTOMER, address=f"2 place Bellecour\n{town}\nFR", phone="+33612345678")
    template = {"registered_letter": "formal_notice", "sms": "sms", "webhook": "first"}[channel]
    asked = reminder(channel=channel, template=template)
    outgoing = OutgoingReminder(asked, customer, CREDITOR)
    return order("demo", outgoing, written(asked, customer, CREDITOR).message)


async def test_an_order_is_taken_once_and_known_by_its_id(tmp_path: Path) -> None:
    wanted = registered()
    async with client_to(LocalGateway(tmp_path, SECRET)) as gateway:
        first, again, asked = (
            await gateway.send(wanted),
            await gateway.send(wanted),
            await gateway.ask(wanted),
        )
    assert first == again == asked
    assert (first.verdict, first.is_this) == ("accepted", True)
    assert first.evidence.endswith(f"sha256:{wanted.digest}")
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".json", ".pdf"]
    assert (tmp_path / f"{REM}.pdf").read_bytes().startswith(b"%PDF-")


async def test_an_order_with_other_content_is_not_taken_for_the_first_one(tmp_path: Path) -> None:
    async with client_to(LocalGateway(tmp_path, SECRET)) as gateway:
        await gateway.send(registered())
        second = await gateway.send(registered("69003 Lyon"))
    assert (second.verdict, second.is_this) == ("accepted", False)


@pytest.mark.parametrize(
    ("town", "verdict"), [("00001 Nulle-Part", "refused"), ("00002 Nulle-Part", "deferred")]
)
async def test_a_gateway_refuses_for_good_or_for_now(tmp_path: Path, town: str, verdict: str) -> None:
    async with client_to(LocalGateway(tmp_path, SECRET)) as gateway:
        wanted = registered(town)
        assert (await gateway.send(wanted)).verdict == verdict
        assert (await gateway.ask(wanted)).verdict == "unknown"
    assert list(tmp_path.iterdir()) == []


async def test_an_order_that_is_not_signed_with_the_secret_is_not_taken(tmp_path: Path) -> None:
    async with client_to(LocalGateway(tmp_path, "whsec_" + "B" * 32)) as gateway:
        assert (await gateway.send(registered())).verdict == "deferred", "an operator mends the secret"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b'"delivered"', b"\xff"])
async def test_a_state_that_is_no_object_is_refused_by_the_local_gateway(tmp_path: Path, body: bytes) -> None:
    local = LocalGateway(tmp_path, SECRET, "http://127.0.0.1:9/", tmp_path / "key")
    async with client_to(local) as gateway:
        await gateway.send(registered())
    transport = httpx.ASGITransport(local.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
        assert (await client.post(f"/{REM}/states", content=body)).status_code == 400


def _broken(kind: type[httpx.TransportError]) -> Handler:
    def answer(_request: httpx.Request) -> httpx.Response:
        raise kind("gone")

    return answer


@pytest.mark.parametrize(
    ("answer", "sent", "asked"),
    [
        (_broken(httpx.ConnectError), "unreachable", "open"),
        (_broken(httpx.ReadTimeout), "unknown", "open"),
        (_broken(httpx.RemoteProtocolError), "unknown", "open"),
        (lambda _: httpx.Response(500), "unknown", "open"),
        (lambda _: httpx.Response(502), "unknown", "open"),
        (lambda _: httpx.Response(503), "deferred", "open"),
        (lambda _: httpx.Response(404), "deferred", "unknown"),
        (lambda _: httpx.Response(429, headers={"Retry-After": "7"}), "deferred", "open"),
        (lambda _: httpx.Response(202, text="thanks"), "unknown", "unknown"),
        (lambda _: httpx.Response(200, json={"id": 1, "sha256": "x", "state": "refused"}), "refused", "refused"),
    ],
)  # fmt: skip
async def test_only_an_answer_that_rules_out_an_acceptance_lets_an_order_be_sent_again(
    answer: Handler, sent: str, asked: str
) -> None:
    async with client_to(answer) as gateway:
        assert (await gateway.send(registered())).verdict == sent
        assert (await gateway.ask(registered())).verdict == asked


def test_orders_have_what_their_channel_needs_and_are_the_same_bytes_again() -> None:
    letter, short, notice = (
        json.loads(registered(channel=c).content)["data"] for c in ("registered_letter", "sms", "webhook")
    )
    assert letter["to"]["address"] == ["2 place Bellecour", "69002 Lyon", "FR"]
    assert letter["document"]["media_type"] == "application/pdf"
    assert (short["to"]["phone"], short["encoding"], short["parts"]) == ("+33612345678", "gsm7", 1)
    assert "1 200,00 EUR" in short["text"]
    assert (notice["amount_minor"], notice["invoices"][0]["asked_minor"]) == (120_000, 120_000)
    assert registered().content == registered().content


def sent_reminder(*more: Event) -> Reminder:
    requested = reminder()
    sent = event(ReminderSent, reminder_id=REM, channel="registered_letter")
    return REMINDER.fold(happened(requested, sent, *more))


def told(state: str = "deposited", **changes: Any) -> TrackMessage:
    usual: dict[str, Any] = {
        "reminder_id": REM, "state": state, "on": date(2026, 5, 2), "returned_for": None,
        "carrier_reference": "1A 234", "detail": None, "gateway_event_id": "evt_1", "content_sha256": "0" * 64,
    }  # fmt: skip
    return TrackMessage(**(usual | changes))


def test_each_state_is_recorded_once_with_the_day_of_the_carrier() -> None:
    ((stream, event_),) = track(sent_reminder(), told("first_presented"), None, TODAY)
    assert isinstance(event_, ReminderTracked)
    assert (stream, event_.state, event_.on, event_.steps) == (REM, "first_presented", date(2026, 5, 2), ())
    assert list(track(sent_reminder(event_), told("first_presented"), None, TODAY)) == []
    assert len(list(track(sent_reminder(event_), told("accepted"), None, TODAY))) == 1


def test_an_undeliverable_letter_opens_its_steps_again_and_raises_a_task() -> None:
    back = told("returned", returned_for="undeliverable", detail="moved")
    tracked, task = (each for _, each in track(sent_reminder(), back, "2 place Bellecour", TODAY))
    assert isinstance(tracked, ReminderTracked)
    assert [step.step for step in tracked.steps] == ["J+30"]
    assert tracked.address == "2 place Bellecour"
    assert isinstance(task, TaskRaised)
    assert (task.kind, task.cause) == ("address", "Not deliverable: 2 place Bellecour (moved)")


def test_a_letter_that_is_not_collected_or_refused_keeps_its_step() -> None:
    for cmd in (told("returned", returned_for="unclaimed"), told("refused")):
        ((_, tracked),) = track(sent_reminder(), cmd, "2 place Bellecour", TODAY)
        assert isinstance(tracked, ReminderTracked)
        assert (tracked.steps, tracked.address) == ((), None)


def test_a_state_waits_for_the_outcome_and_needs_a_message_that_left() -> None:
    waiting = REMINDER.fold(happened(reminder()))
    with pytest.raises(OutcomeNotRecorded):
        list(track(waiting, told(), None, TODAY))
    failed = REMINDER.fold(happened(reminder(), event(ReminderFailed, reminder_id=REM)))
    with pytest.raises(MessageNotSent):
        list(track(failed, told(), None, TODAY))


def test_an_e_mail_has_no_state_of_a_gateway() -> None:
    mailed = REMINDER.fold(
        happened(replace(reminder(), channel="email"), event(ReminderSent, reminder_id=REM))
    )
    with pytest.raises(MessageNotCarried):
        list(track(mailed, told("returned", returned_for="undeliverable"), "2 place Bellecour", TODAY))


@pytest.mark.parametrize("header", ["webhook-id", "webhook-timestamp", "webhook-signature", None])
async def test_an_event_needs_the_signature_of_its_bytes(header: str | None) -> None:
    content = b'{"type":"message.state"}'
    signed = Gateway("http://gateway.test", SECRET).signed("evt_1", content)
    assert verified(_request(signed), content, SECRET) == "evt_1"
    for value in ("", "x", "v1,x", "v1", "1"):
        wrong = signed | ({header: value} if header else {})
        with pytest.raises(WebhookSignatureInvalid):
            verified(_request(wrong), content if header else content + b" ", SECRET)


def _request(headers: dict[str, str]) -> Request:
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "POST", "path": "/", "headers": raw})
