"""`encours doctor` on the ledger's database: ledgers without a relay."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from encours.cli import doctor
from encours.cli.common import Diagnosis
from encours.cli.doctor import database_findings, sandbox_finding
from encours.kernel.ids import uuid7
from encours.ledger import Ledger
from encours.ledger.sandboxes import SandboxLimits, drop, fork, standing_sandboxes
from encours.postgres.connection import connect
from encours.postgres.leases import Leases
from encours.testing.servers import Installation
from tests.integration.ledger.helpers import Books, event


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "LOOK_AGAIN_S", 0.0)


async def _failed(installation: Installation) -> dict[str, Diagnosis]:
    found = await database_findings(installation.admin_url())
    return {finding.check: finding for finding in found if not finding.ok}


async def test_a_ledger_that_no_process_publishes_is_named(module_installation: Installation) -> None:
    ledger = await Ledger.open(module_installation.ledger_url("invoice"))
    await ledger.create_ledger("published", "live", "UTC")
    await ledger.create_ledger("forgotten", "live", "UTC")
    await ledger.close()
    leases = Leases(module_installation.ledger_url("invoice"), "test relay")
    await leases.acquire("relay", "published")
    failed = await _failed(module_installation)
    await leases.close()
    assert set(failed) == {"relay of forgotten"}
    assert "no relay is active" in failed["relay of forgotten"].detail
    assert set(await _failed(module_installation)) == {"relay of forgotten", "relay of published"}


async def test_sandboxes_are_listed_and_one_that_is_not_deleted_is_named(
    module_installation: Installation,
) -> None:
    ledger = await Ledger.open(module_installation.admin_url())
    await ledger.create_ledger("copied", "live", "UTC")
    books = Books(ledger, "copied")
    await books.append(books.command(event("cus_1", type="customer.noted")))
    made: dict[str, Any] = {
        "note": "Try",
        "fingerprint": b"",
        "actor": "key:1",
        "limits": SandboxLimits(9, 9),
    }
    for name in ("one", "two"):
        await fork(ledger, "copied", name, None, command_id=uuid7(), **made)
    await drop(ledger, "two", "key:1")
    await ledger.close()
    found = {each.check: each for each in await database_findings(module_installation.admin_url())}
    assert found["sandbox one"].detail.startswith("copy of copied up to position 1, ")
    assert (found["sandbox two"].ok, found["sandbox two"].next) == (True, "")
    connection = await connect(module_installation.admin_url("ledger"))
    (_, two) = await standing_sandboxes(connection)
    await connection.close()
    assert two.dropped_at is not None
    late = sandbox_finding(replace(two, dropped_at=two.dropped_at - timedelta(hours=2)))
    assert (late.ok, late.next) == (False, "is dunning-svc's worker running? encours status")
