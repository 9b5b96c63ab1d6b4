"""Requests to reporting-svc through the typed client that is generated from its API document."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from encours.testing.waiting import wait_until
from tests.client import PACKAGE
from tests.e2e.world import World

_PACKAGE = f"{PACKAGE}.reporting"


class TypedReporting:
    """The client of one ledger. ``models`` are the classes of bodies and answers."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.models: Any = import_module(f"{_PACKAGE}.models")
        self._client = import_module(_PACKAGE).AuthenticatedClient(
            base_url=world.system.url("reporting"), token=world.system.key
        )

    def call(self, operation: str, *arguments: Any, **fields: Any) -> Any:
        """Return the answer of an operation such as ``webhooks.get_webhook``, or its problem; keep the position."""
        ask = import_module(f"{_PACKAGE}.api.{operation}").sync_detailed
        answer = ask(*arguments, client=self._client, encours_ledger=self.world.ledger, **fields)
        self.world.position = max(self.world.position, int(answer.headers.get("encours-position", "0")))
        return answer.parsed

    def read(self, operation: str, *arguments: Any, **fields: Any) -> Any:
        """Return the answer of a read model that has seen the last write."""
        found: list[Any] = []

        def reached() -> bool:
            found[:] = [self.call(operation, *arguments, min_position=self.world.position, **fields)]
            return not (isinstance(found[0], self.models.Problem) and found[0].status == 503)

        wait_until(reached, f"{operation} does not get on")
        return found[0]
