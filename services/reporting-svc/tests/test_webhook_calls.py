"""Calls of receivers: the status counts, nothing is followed, nobody is waited for longer than the bound."""

from __future__ import annotations

import asyncio
import json
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from encours.contracts import encode
from encours.kernel.errors import Invalid
from encours.testing.events import issued
from encours.testing.history import History
from reporting_svc.domain.webhook.address import AllowedAddresses
from reporting_svc.domain.webhook.retry import GIVE_UP_AFTER, next_attempt
from reporting_svc.read_models.feed import matching_types
from reporting_svc.webhooks.caller import ReceiverCaller
from reporting_svc.webhooks.message import cloud_event, message_id, new_secret, signed_headers
from tests.integration.receiver import BROKEN, CERTIFICATE, CUT_AFTER_OK, GONE, HANG, OK, receiving

LOCAL = AllowedAddresses.parse("127.0.0.1,hooks.corp.example")
START = datetime(2026, 3, 2, 9, tzinfo=UTC)


def redirect(to: str) -> bytes:
    return f"HTTP/1.1 307 Temporary Redirect\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n".encode()


@pytest.mark.parametrize(
    ("answer", "status", "delivered", "gone"),
    [
        (OK, 200, True, False),
        (CUT_AFTER_OK, 200, True, False),
        (BROKEN, 500, False, False),
        (GONE, 410, False, True),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, True, False),
        (b"nonsense\r\n\r\n", None, False, False),
    ],
)
async def test_the_status_alone_says_if_an_event_was_taken(
    answer: bytes, status: int | None, delivered: bool, gone: bool
) -> None:
    async with receiving(lambda _: answer) as receiver:
        found = await ReceiverCaller(LOCAL).post(receiver.url, b"{}", {"content-type": "x/y"})
    assert (found.status, found.is_delivered, found.is_gone) == (status, delivered, gone)
    assert found.detail


async def test_a_redirect_is_not_followed() -> None:
    async with receiving() as other, receiving(lambda _: redirect(other.url)) as receiver:
        found = await ReceiverCaller(LOCAL).post(receiver.url, b"{}", {})
    assert (found.status, found.is_delivered, other.received) == (307, False, [])
    assert "not followed" in found.detail


async def test_a_receiver_that_does_not_answer_is_left_after_the_bound() -> None:
    async with receiving(lambda _: HANG) as receiver:
        found = await ReceiverCaller(LOCAL, timeout_s=0.2).post(receiver.url, b"{}", {})
    assert (found.status, found.detail) == (None, "no answer within 0.2 s")


async def test_the_connection_goes_to_the_checked_address_with_the_name_in_the_request() -> None:
    async def resolver(host: str, _: int) -> list[str]:
        assert host == "hooks.corp.example"
        return ["127.0.0.1"]

    async with receiving() as receiver:
        url = f"http://hooks.corp.example:{receiver.port}/in?tenant=1"
        found = await ReceiverCaller(LOCAL, resolver=resolver).post(url, b"{}", {})
    assert found.is_delivered
    assert receiver.received[0].path == "/in?tenant=1"
    assert receiver.received[0].headers["host"] == f"hooks.corp.example:{receiver.port}"


async def test_the_certificate_must_be_of_the_host_not_of_the_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def resolver(_: str, __: int) -> list[str]:
        return ["127.0.0.1"]

    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    caller = ReceiverCaller(AllowedAddresses.parse("localhost,hooks.corp.example"), resolver=resolver)
    async with receiving(tls=True) as receiver:
        own, other = [
            await caller.post(f"https://{host}:{receiver.port}/", b"{}", {})
            for host in ("localhost", "hooks.corp.example")
        ]
    assert own.is_delivered
    assert "not valid for 'hooks.corp.example'" in other.detail
    assert len(receiver.received) == 1


async def test_a_busy_receiver_says_when_to_come_back() -> None:
    busy = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 120\r\nContent-Length: 0\r\n\r\n"
    async with receiving(lambda _: busy) as receiver:
        assert (await ReceiverCaller(LOCAL).post(receiver.url, b"{}", {})).retry_after_s == 120


def test_attempts_are_made_for_three_days_with_growing_pauses() -> None:
    now, tries, pauses = START, 0, []
    for tries in range(1, 100):
        later = next_attempt(START, tries, now)
        if later is None:
            break
        pauses.append(later - now)
        now = later
    assert now - START == GIVE_UP_AFTER == timedelta(days=3)
    assert pauses[:-1] == sorted(pauses[:-1])
    assert pauses[0] == timedelta(seconds=5)
    assert tries == len(pauses) + 1 == 18


async def test_names_whose_server_does_not_answer_hold_no_other_receiver(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    let_go, asked = threading.Event(), []

    def look_up(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        asked.append(host)
        if host != "127.0.0.1":
            let_go.wait()
        return [(None, None, None, None, (host, port))]

    monkeypatch.setattr("socket.getaddrinfo", look_up)
    slow = [f"slow{n}.firm.example" for n in range(40)]
    caller = ReceiverCaller(LOCAL)
    async with receiving() as receiver:
        waiting = [asyncio.create_task(caller.post(f"https://{host}/", b"{}", {})) for host in slow * 8]
        try:
            await asyncio.sleep(0)
            found = await caller.post(receiver.url, b"{}", {})
        finally:
            let_go.set()
        refused = await asyncio.gather(*waiting)
    assert found.is_delivered
    assert sorted(asked) == sorted([*slow, "127.0.0.1"])
    assert not any(each.is_delivered for each in refused)


def test_a_pause_that_the_receiver_asks_for_is_kept_up_to_an_hour() -> None:
    wished = [next_attempt(START, 1, START, retry_after_s=s) for s in (None, 1, 600, 999_999)]
    assert [(each - START).total_seconds() for each in wished if each] == [5, 5, 600, 3_600]


def row(**changes: Any) -> dict[str, Any]:
    """An issued invoice as the ledger stores it."""
    found = History(ledger="main").add(issued(24_000, customer_id="cus_1"), entity="ent_1")
    names = (
        "position", "stream", "version", "type", "schema_version", "entity", "event_id", "effective_on", "recorded_at",
        "actor", "reason", "correlation_id", "causation_id", "traceparent", "command_id",
    )  # fmt: skip

    return {name: getattr(found, name) for name in names} | {"data": encode(found.data)} | changes


def test_a_body_is_a_cloud_event_with_its_movements() -> None:

    event = json.loads(cloud_event("main", row()))
    assert {k: event[k] for k in ("specversion", "type", "source", "subject", "position", "entity")} == {
        "specversion": "1.0",
        "type": "invoice.issued",
        "source": "/ledgers/main",
        "subject": "inv_1",
        "position": "1",
        "entity": "ent_1",
    }
    assert event["data"]["event"]["total_minor"] == 24_000
    (movement,) = event["data"]["movements"]
    assert (movement["item_minor"], movement["account_minor"], movement["currency"]) == (
        24_000,
        24_000,
        "EUR",
    )
    # Context attributes of CloudEvents have names of small letters and digits, and plain values.
    context = {name: value for name, value in event.items() if name != "data"}
    assert all(name.isalnum() and name.islower() and len(name) <= 20 for name in context)
    assert all(isinstance(value, str | int) for value in context.values())


def test_both_secrets_verify_while_they_overlap_and_a_changed_body_does_not() -> None:
    event, now = row(), datetime.now(UTC)
    content, new, before = cloud_event("main", event), new_secret(), new_secret()
    headers = signed_headers(message_id(event), content, [new, before], now)
    for secret in (new, before):
        Webhook(secret).verify(content, headers)
    alone = signed_headers(message_id(event), content, [new], now)
    for secret, body in ((before, content), (new, content + b" ")):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(body, alone)
    assert message_id(event) == headers["webhook-id"] == f"evt_{event['event_id'].hex}"


def test_types_are_named_alone_or_by_family() -> None:
    assert matching_types([]) == ()
    assert matching_types(["invoice.issued"]) == ("invoice.issued",)
    family = matching_types(["payment.*", "invoice.issued"])
    assert {"payment.received", "invoice.issued"} < set(family)
    assert all(each.startswith("payment.") or each == "invoice.issued" for each in family)
    for wrong in ("invoice", "invoice*", "*", "nothing.*"):
        with pytest.raises(Invalid):
            matching_types([wrong])
