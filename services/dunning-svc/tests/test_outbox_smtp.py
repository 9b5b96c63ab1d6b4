"""Results of a hand-over, each from a small real SMTP server that misbehaves on command."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from encours.mail.smtp import Mailer


class Server:
    """Answers each command with a line; a missing line closes the connection."""

    def __init__(self, **answers: str | None) -> None:
        self.answers: dict[str, str | None] = {
            "EHLO": "250 here", "MAIL": "250 ok", "RCPT": "250 ok", "DATA": "354 go on", ".": "250 2.0.0 kept",
            "RSET": "250 ok", "QUIT": "221 bye", **answers,
        }  # fmt: skip
        self.connections = 0
        self.messages: list[bytes] = []
        self.senders: list[str] = []
        self._open: set[asyncio.StreamWriter] = set()

    def hang_up(self) -> None:
        """Close what is open, as an idle time-out does."""
        for writer in self._open:
            writer.close()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._open.add(writer)
        writer.write(b"220 test\r\n")
        try:
            while line := await reader.readline():
                verb = line.split()[0].decode().upper()
                if verb == "MAIL":
                    self.senders.append(line.decode().partition(" SIZE")[0].strip())
                if not await self._answer(writer, verb):
                    break
                if verb == "DATA" and (self.answers["DATA"] or "").startswith("354"):
                    self.messages.append(await reader.readuntil(b"\r\n.\r\n"))
                    if not await self._answer(writer, "."):
                        break
        finally:
            writer.close()

    async def _answer(self, writer: asyncio.StreamWriter, verb: str) -> bool:
        answer = self.answers[verb]
        if answer is not None:
            writer.write(f"{answer}\r\n".encode())
            await writer.drain()
        return answer is not None


@asynccontextmanager
async def mailer(server: Server) -> AsyncIterator[Mailer]:
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    client = Mailer(f"smtp://127.0.0.1:{port}", connections=4)
    try:
        yield client
    finally:
        await client.close()
        listening.close()


@pytest.mark.parametrize(
    ("answers", "verdict"),
    [
        ({}, "accepted"),
        ({"RCPT": "550 5.1.1 no such mailbox"}, "refused"),
        ({"RCPT": "451 4.3.0 busy"}, "deferred"),
        ({"MAIL": "421 4.3.2 closing"}, "deferred"),
        ({"DATA": "554 5.7.1 not wanted"}, "refused"),
        ({".": "452 4.3.1 disk full"}, "deferred"),
        ({".": "554 5.7.1 spam"}, "refused"),
        ({"RCPT": None}, "unreachable"),
        ({".": None}, "unknown"),
    ],
)
async def test_what_became_of_a_message_is_told_apart(answers: dict[str, str | None], verdict: str) -> None:
    async with mailer(Server(**answers)) as client:
        handed = await client.send("b@example.com", b"Subject: x\r\n\r\ny\r\n", sender="a@localhost")
    assert handed.verdict == verdict
    told = next((answer for answer in answers.values() if answer), "250 2.0.0 kept" if not answers else "")
    assert told.partition(" ")[2] in handed.evidence


async def test_without_the_tls_that_is_required_nothing_is_handed_over() -> None:
    server = Server()
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    client = Mailer(f"smtp://127.0.0.1:{port}", require_tls=True)
    handed = await client.send("b@example.com", b"Subject: x\r\n\r\ny\r\n", sender="a@localhost")
    listening.close()
    assert (handed.verdict, server.messages) == ("unreachable", [])


async def test_the_envelope_names_the_address_for_bounces() -> None:
    server = Server()
    async with mailer(server) as client:
        await client.send("b@example.com", b"Subject: x\r\n\r\ny\r\n", sender="bounce+rem_1@firm.example")
    assert server.senders == ["MAIL FROM:<bounce+rem_1@firm.example>"]


async def test_no_server_at_all_is_unreachable_and_nothing_was_handed_over() -> None:
    server = Server()
    async with mailer(server) as client:
        pass
    handed = await client.send("b@example.com", b"Subject: x\r\n\r\ny\r\n", sender="a@localhost")
    assert (handed.verdict, server.messages) == ("unreachable", [])


async def test_connections_are_used_again_and_are_never_more_than_allowed() -> None:
    server = Server()
    async with mailer(server) as client:
        handed = await asyncio.gather(
            *(
                client.send("b@example.com", b"Subject: x\r\n\r\ny\r\n", sender="a@localhost")
                for _ in range(40)
            )
        )
    assert {h.verdict for h in handed} == {"accepted"}
    assert len(server.messages) == 40
    assert server.connections <= 4


async def test_a_connection_that_was_closed_while_idle_costs_no_message() -> None:
    server = Server()
    async with mailer(server) as client:
        await client.send("b@example.com", b"Subject: x\r\n\r\n1\r\n", sender="a@localhost")
        server.hang_up()
        handed = await client.send("b@example.com", b"Subject: x\r\n\r\n2\r\n", sender="a@localhost")
    assert (handed.verdict, len(server.messages), server.connections) == ("accepted", 2, 2)


async def test_after_a_refusal_the_connection_goes_on() -> None:
    server = Server(RCPT="550 5.1.1 no such mailbox")
    async with mailer(server) as client:
        await client.send("b@example.com", b"x\r\n", sender="a@localhost")
        server.answers["RCPT"] = "250 ok"
        assert (
            await client.send("c@example.com", b"Subject: x\r\n\r\ny\r\n", sender="a@localhost")
        ).verdict == "accepted"
    assert server.connections == 1


async def test_a_stopped_mailer_begins_no_message_and_leaves_it_for_later() -> None:
    server = Server()
    async with mailer(server) as client:
        client.stop()
        assert (
            await client.send("x@example.com", b"Subject: x\r\n\r\ny\r\n", sender="a@localhost")
        ).verdict == "deferred"
    assert (server.connections, server.messages) == (0, [])
