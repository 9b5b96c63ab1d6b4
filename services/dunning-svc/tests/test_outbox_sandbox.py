"""Nothing leaves the copy of a ledger, whatever servers are configured."""

from __future__ import annotations

import ast
import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from msgspec.structs import replace

import dunning_svc
from dunning_svc.outbox.carriers import Carriers
from dunning_svc.outbox.gateway import Gateway
from dunning_svc.use_cases.messages import written
from dunning_svc.use_cases.runs import OutgoingReminder
from encours.ledger.model import LedgerInfo
from encours.mail.attempts import Claim
from encours.mail.door import KEPT
from encours.mail.senders import Senders
from encours.mail.smtp import Handed, Mailer
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
    if channel == "email":
        asked = await carriers.mail(info, "tks_1", customer, CREDITOR, message, NOW)
    await carriers.close()
    server.close()
    reached += [path.name for path in folder.rglob("*.pdf")]
    return handed, asked, reached


def test_no_other_module_can_send() -> None:
    """The door is one: the worker makes the clients of servers, the carriers alone use them."""
    source = Path(dunning_svc.__file__).parent
    found = {
        path.relative_to(source).as_posix()
        for path in source.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and {alias.name for alias in node.names} & {"Mailer", "Gateway"}
    }
    assert found == {"worker.py", "outbox/carriers.py"}


@pytest.mark.parametrize("channel", TEMPLATES)
async def test_a_copy_keeps_what_another_sandbox_hands_to_the_servers_of_its_machine(
    tmp_path: Path, channel: str
) -> None:
    *_, reached = await carried(tmp_path / "own", channel, None)
    assert reached
    assert await carried(tmp_path / "copy", channel, "main") == (KEPT, KEPT, [])
