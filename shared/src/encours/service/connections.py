"""The ledger as each process of a service opens it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from encours.ledger import Ledger
from encours.service.settings import ServiceSettings
from encours.transport.poke import Poke


@contextlib.asynccontextmanager
async def poking_ledger(settings: ServiceSettings) -> AsyncIterator[tuple[Ledger, Poke]]:
    """The ledger as each process of a service opens it: checked, and telling of what this process appends."""
    ledger = await Ledger.open(settings.ledger_url.get_secret_value(), check=True)
    poke = Poke(settings.nats_url.get_secret_value())
    try:
        await poke.start()
        ledger.on_appended(lambda grown, _head: poke(grown))
        yield ledger, poke
    finally:
        await poke.close()
        await ledger.close()
