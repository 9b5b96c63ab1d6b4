"""Folds of all kinds of streams, as the installed services declare them.

Shared code imports no service: each declares ``FOLDERS``, a folder by the prefix of a stream's id, in its module
``use_cases.folds``, which is looked up by name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pkgutil import resolve_name
from typing import Any

from encours.contracts import Event, Recorded
from encours.ledger.states import Folder

SERVICES_THAT_FOLD = ("invoice_svc", "dunning_svc", "risk_svc", "reporting_svc")
_PREFIX = re.compile(r"[a-z]+")


class ServiceMissing(Exception):
    """A service that declares folds is not installed beside this program."""

    def __init__(self, module: str) -> None:
        super().__init__(f"{module.replace('_', '-')} is not installed here: its code folds these streams")
        self.module = module


def _latest(state: Mapping[str, Event], event: Recorded) -> Mapping[str, Event]:
    return {**state, event.type: event.data}


def _nothing() -> Mapping[str, Event]:
    return {}


LATEST: Folder[Mapping[str, Event]] = Folder(_nothing, _latest)
"""The last event of each type: for streams that no service folds, such as the calendar."""


class Folders:
    """Folder of each stream, by the prefix of its id: ``inv`` of ``inv_0190…``."""

    def __init__(self, *declared: Mapping[str, Folder[Any]]) -> None:
        """Raises ValueError when two services declare the same prefix."""
        self._by_prefix: dict[str, Folder[Any]] = {}
        for folders in declared:
            if twice := self._by_prefix.keys() & folders.keys():
                raise ValueError(f"two services fold {', '.join(sorted(twice))}")
            self._by_prefix |= folders

    def of(self, stream: str) -> Folder[Any]:
        """The folder of a stream; :data:`LATEST` when no service declares its prefix."""
        prefix = _PREFIX.match(stream)
        return self._by_prefix.get(prefix.group() if prefix else "", LATEST)


def installed_folders(modules: Sequence[str] = SERVICES_THAT_FOLD) -> Folders:
    """Folders of the installed services. Raises :class:`ServiceMissing`."""
    declared: list[Mapping[str, Folder[Any]]] = []
    for module in modules:
        try:
            declared.append(resolve_name(f"{module}.use_cases.folds:FOLDERS"))
        except ModuleNotFoundError as missing:
            if missing.name != module:
                raise
            raise ServiceMissing(module) from missing
    return Folders(*declared)
