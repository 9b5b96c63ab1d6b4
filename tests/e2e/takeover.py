"""Sending files over, following them, and moving a sandbox's clock: what the tests of the importer share."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx

from encours.ledger import LedgerKind
from encours.testing.system import System
from encours.testing.waiting import wait_until

CSV = "text/csv"
NDJSON = "application/x-ndjson"


def ndjson(lines: Iterable[dict[str, Any]]) -> bytes:
    """Lines as a file."""
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


@dataclass
class Takeover:
    """A ledger that files are taken over into."""

    system: System
    ledger: str
    http: httpx.Client

    @classmethod
    def into(cls, system: System, kind: LedgerKind, name: str | None = None) -> Takeover:
        """A new ledger."""
        name = name or f"imp-{uuid4().hex[:10]}"
        system.create_ledger(name, kind)
        return cls(system, name, system.client("invoice", name))

    def send(
        self, body: bytes, media_type: str = CSV, *, key: str | None = None, **query: str
    ) -> httpx.Response:
        """POST a file."""
        headers = {"Content-Type": media_type, "Idempotency-Key": key or uuid4().hex}
        return self.http.post("/v1/imports", content=body, headers=headers, params=query)

    def take(self, body: bytes, media_type: str = CSV, **query: str) -> dict[str, Any]:
        """POST a file and wait until every line has its verdict."""
        answer = self.send(body, media_type, **query)
        assert answer.status_code == 202, answer.text
        return self.finished(answer.json()["id"])

    def finished(self, import_id: str) -> dict[str, Any]:
        """The import once it has ended."""
        found: dict[str, Any] = {}

        def ended() -> bool:
            found.update(self.get(f"/v1/imports/{import_id}"))
            return found["state"] in {"completed", "failed"}

        wait_until(ended, f"import {import_id} does not end")
        return found

    def verdicts(self, import_id: str) -> list[tuple[int, str, str | None, str | None]]:
        """Line, verdict, code and column of each line."""
        found, cursor = [], None
        while True:
            page = self.get(
                f"/v1/imports/{import_id}/lines", limit=2, **({"cursor": cursor} if cursor else {})
            )
            found += [(v["line"], v["verdict"], v["code"], v["column"]) for v in page["data"]]
            cursor = page["next_cursor"]
            if cursor is None:
                return found

    def advance(self, to: str) -> dict[str, Any]:
        """Move the sandbox's clock and wait until it is there."""
        answer = self.http.post(f"/v1/ledgers/{self.ledger}/clock", json={"to": to})
        assert answer.status_code == 202, answer.text
        wait_until(lambda: self.clock()["state"] == "idle", f"the clock does not get on: {self.clock()}")
        return self.clock()

    def clock(self) -> dict[str, Any]:
        """The ledger's clock."""
        return self.get(f"/v1/ledgers/{self.ledger}/clock")

    def events(self) -> list[dict[str, Any]]:
        """Every event of the ledger, as reporting-svc hands it on."""
        with self.system.client("reporting", self.ledger) as http:
            found: list[dict[str, Any]] = []
            after = 0
            while True:
                answer = http.get("/v1/events", params={"after": after, "limit": 500})
                assert answer.status_code == 200, answer.text
                page = answer.json()["data"]
                if not page:
                    return found
                found += page
                after = page[-1]["position"]

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        """A GET that answers 200."""
        answer = self.http.get(path, params=query)
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    def invoices(self, **query: Any) -> list[dict[str, Any]]:
        """All invoices that a filter shows."""
        found, cursor = [], None
        while True:
            page = self.get("/v1/invoices", limit=500, **query, **({"cursor": cursor} if cursor else {}))
            found += page["data"]
            cursor = page["next_cursor"]
            if cursor is None:
                return found
