"""Our reading of headers says what nats-py's own says."""

from __future__ import annotations

import pytest
from nats.aio.client import Client

from encours.transport.client import EventClient


@pytest.mark.parametrize(
    "raw",
    [
        b"ce-id: 0195e0a4\r\nce-time: 2026-01-01T00:00:00+00:00\r\nencours-record: 1;1;ent_a;;=a b\r\n\r\n",
        b"Nats-Stream:LEDGER_main\r\nNats-Sequence:\t12 \r\n\r\n",
        "ce-subject: caf\u00e9\r\nempty: \r\n\r\n".encode(),
        b"broken: \xff\r\n\r\n",
        b"no separator\r\na: b\r\n\r\n",
        b"\r\n",
    ],
)
def test_headers_are_read_as_the_library_reads_them(raw: bytes) -> None:
    assert EventClient._parse_header_lines(raw) == Client._parse_header_lines(raw)
