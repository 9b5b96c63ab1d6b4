"""`encours doctor` on the ledger's database: ledgers without a relay."""

from __future__ import annotations

import pytest

from encours.cli import doctor
from encours.cli.common import Diagnosis
from encours.cli.doctor import database_findings
from encours.ledger import Ledger
from encours.postgres.leases import Leases
from encours.testing.servers import Installation


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
