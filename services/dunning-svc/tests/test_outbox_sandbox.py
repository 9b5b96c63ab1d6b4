"""Nothing leaves the copy of a ledger, whatever servers are configured."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from msgspec.structs import replace

from dunning_svc.outbox.attempts import Claim
from dunning_svc.outbox.carriers import KEPT, Carriers
from dunning_svc.outbox.gateway import Gateway
from dunning_svc.outbox.senders import Senders
from dunning_svc.outbox.smtp import Handed, Mailer
from dunning_svc.use_cases.messages import written
from dunning_svc.use_cases.runs import OutgoingReminder
from encours.ledger.model import LedgerInfo
from tests.histories.letters import CREDITOR, CUSTOMER, reminder

NOW = datetime(2026, 5, 4, 9, tzinfo=UTC)
TEMPLATES = {
    "email": "first",
    "letter": "formal_notice",
    "registered_letter": "formal_notice",
    "sms": "sms",
    "webhook": "first",
}


async def carried(folder: Path, channel: str, copy_of: str | None) -> tuple[Handed, Handed, list[str]]:
    """Hand a message over with a mail server and a gateway on this machine; return what reached them too."""
    reached: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        reached.append(f"{request.method} {request.url.path}")
        return httpx.Response(503)

    def connected(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.append("smtp")
        writer.write(b"421 closed\r\n")
        writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    mailer = Mailer(f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    gateway = Gateway(
        "http://127.0.0.1/",
        "whsec_" + "A" * 32,
        transport=httpx.MockTransport(answer),
        sandbox_host="127.0.0.1",
    )
    carriers = Carriers(mailer, Senders("encours@firm.example"), folder, gateway)
    info = LedgerInfo(7, "box", 1, "sandbox", "Europe/Paris", NOW, 0, NOW, copy_of)
    customer = replace(CUSTOMER, phone="+33612345678")
    outgoing = OutgoingReminder(reminder(channel=channel, template=TEMPLATES[channel]), customer, CREDITOR)
    claim = Claim(1, timedelta(0), NOW, carriers.identity(info, outgoing))
    message = written(outgoing.event, customer, CREDITOR).message
    handed = await carriers.carry(info, outgoing, message, claim)
    asked = await carriers.ask(info, outgoing, message)
    await carriers.close()
    server.close()
    reached += [path.name for path in folder.rglob("*.pdf")]
    return handed, asked, reached


@pytest.mark.parametrize("channel", TEMPLATES)
async def test_a_copy_keeps_what_another_sandbox_hands_to_the_servers_of_its_machine(
    tmp_path: Path, channel: str
) -> None:
    *_, reached = await carried(tmp_path / "own", channel, None)
    assert reached
    assert await carried(tmp_path / "copy", channel, "main") == (KEPT, KEPT, [])
