"""Requests through the typed client that is generated from the API documents."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, get_args

from encours.testing.waiting import HANG_S, wait_until
from tests.client import PACKAGE
from tests.e2e.world import World

Service = Literal["invoice", "dunning", "risk", "reporting"]


class TypedClient:
    """The client of a service for one ledger. ``models`` are the classes of bodies and answers."""

    def __init__(self, world: World, service: str) -> None:
        self.world = world
        self._package = f"{PACKAGE}.{service}"
        self.models: Any = import_module(f"{self._package}.models")
        self._client = import_module(self._package).AuthenticatedClient(
            base_url=world.system.url(service), token=world.system.key, timeout=HANG_S, verify_ssl=False
        )

    def ask(self, operation: str, *arguments: Any, **fields: Any) -> Any:
        """Return the answer of an operation such as ``webhooks.get_webhook`` with its headers; keep the position."""
        ask = import_module(f"{self._package}.api.{operation}").sync_detailed
        answer = ask(*arguments, client=self._client, encours_ledger=self.world.ledger, **fields)
        self.world.position = max(self.world.position, int(answer.headers.get("encours-position", "0")))
        return answer

    def call(self, operation: str, *arguments: Any, **fields: Any) -> Any:
        """Return the answer of an operation, or its problem; keep the position."""
        return self.ask(operation, *arguments, **fields).parsed

    def read(self, operation: str, *arguments: Any, **fields: Any) -> Any:
        """Return the answer of a read model that has seen the last write."""
        found: list[Any] = []

        def reached() -> bool:
            found[:] = [self.call(operation, *arguments, min_position=self.world.position, **fields)]
            return not (isinstance(found[0], self.models.Problem) and found[0].status == 503)

        wait_until(reached, f"{operation} does not get on")
        return found[0]

    def post(self, path: str, url: str, body: Any, **fields: Any) -> Any:
        """Send a POST to one of the ``path`` of the document, and return the answer with its headers.

        The client may add what is the default, and drops nothing.
        """
        operation = _posts(self._package)[path]
        named = re.fullmatch(re.sub(r"\\{\w+\\}", "([^/]+)", re.escape(path)), url)
        assert named is not None
        if body is not None:
            fields["body"] = self._body(operation, body)
        return self.ask(operation, *named.groups(), **fields)

    def done(self, operation: str, *arguments: Any, body: Any) -> Any:
        """Return the answer of a command that must succeed."""
        found = self.call(operation, *arguments, body=self._body(operation, body))
        assert not isinstance(found, self.models.Problem), found
        return found

    def _body(self, operation: str, body: Any) -> Any:
        kinds = import_module(f"{self._package}.api.{operation}").sync_detailed.__annotations__["body"]
        kind = next(each for each in (*get_args(kinds), kinds) if hasattr(each, "from_dict"))
        found = kind.from_dict(body)
        assert _holds(found.to_dict(), body)
        return found


def _holds(sent: Any, given: Any) -> bool:
    if isinstance(given, dict):
        return all(name in sent and _holds(sent[name], each) for name, each in given.items())
    if isinstance(given, list):
        return len(sent) == len(given) and all(map(_holds, sent, given))
    return bool(sent == given)


@cache
def _posts(package: str) -> dict[str, str]:
    """Return the operations of all POSTs by their paths."""
    api = Path(import_module(f"{package}.api").__path__[0])
    found = {}
    for module in api.glob("*/*.py"):
        text = module.read_text(encoding="utf-8")
        if '"method": "post"' in text and (url := re.search(r'"url": "([^"]+)"', text)):
            found[url[1]] = f"{module.parent.name}.{module.stem}"
    return found


Typed = Callable[[World, Service], TypedClient]
