from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest

from encours.kernel.ids import uuid7
from encours.ledger import Ledger
from encours.testing.servers import Installation
from tests.integration.ledger.helpers import Books


@pytest.fixture
async def books(module_installation: Installation) -> AsyncIterator[Books]:
    """A live ledger of this test's own, to which any content can be appended, as an offline tool does."""
    ledger = await Ledger.open(module_installation.admin_url())
    info = await ledger.create_ledger(f"books-{uuid7().hex[-12:]}", "live", "Europe/Paris")
    yield Books(ledger, info.name)
    await ledger.close()


@pytest.fixture
async def admin(module_installation: Installation) -> AsyncIterator[asyncpg.Connection]:
    """The superuser's connection to the ledger's database."""
    connection = await asyncpg.connect(module_installation.admin_url("ledger"))
    yield connection
    await connection.close()
