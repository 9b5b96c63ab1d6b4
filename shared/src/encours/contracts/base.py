"""Written form of an event: one struct per type, a stable dotted name, a version, canonical bytes.

The bytes are JSON as RFC 8785 prescribes it. Contract structs hold integers, strings, booleans, dates and
structs of those, with ASCII field names, and for these msgspec's sorted encoding *is* RFC 8785 (a test
compares the two). A type is never deleted; a new version of one brings an upcaster from the version before.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from types import ModuleType
from typing import Any, ClassVar

import msgspec

_encoder = msgspec.json.Encoder(order="sorted")

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]


class UnknownType(Exception):
    """A stored type that this program does not know: stop before it and deploy a program that does."""


class NewerVersion(Exception):
    """A stored version newer than this program knows: stop before it and deploy a newer program."""


class Value(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """Part of an event: an address, a line, an allocation. The garbage collector does not look at it."""


class Event(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """Payload of an event; :class:`Recorded` has its stream, actor and time.

    It is frozen and made of values, so it is in no reference cycle, and the garbage collector need not look at it.
    """

    TYPE: ClassVar[str]
    VERSION: ClassVar[int] = 1
    UPCASTERS: ClassVar[dict[int, Upcaster]] = {}
    """``{1: f}``: ``f`` takes the fields of version 1 and gives those of version 2."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "TYPE" not in cls.__dict__:
            return
        other = _types.setdefault(cls.TYPE, cls)
        # msgspec builds a struct class twice when it adds slots, so the same definition may come by again.
        if other is not cls and other.__qualname__ != cls.__qualname__:
            raise TypeError(
                f"two contracts are named {cls.TYPE}: {other.__qualname__} and {cls.__qualname__}"
            )
        _types[cls.TYPE] = cls


_types: dict[str, type[Event]] = {}


def types() -> dict[str, type[Event]]:
    """Every type that this program knows, by its stored name."""
    return dict(_types)


def names_of(*classes: type[Event]) -> frozenset[str]:
    """Stored names of these types."""
    return frozenset(cls.TYPE for cls in classes)


def names_in(*modules: ModuleType) -> frozenset[str]:
    """Stored names of all types of these modules, for who ignores whole families."""
    wanted = {module.__name__ for module in modules}
    return frozenset(name for name, cls in _types.items() if cls.__module__ in wanted)


def event_class(type_name: str) -> type[Event]:
    """The struct of a stored type. Raises :class:`UnknownType`."""
    try:
        return _types[type_name]
    except KeyError:
        raise UnknownType(
            f"{type_name} is not a known event type; this program is older than the ledger"
        ) from None


def encode(event: Event) -> bytes:
    """The canonical bytes that are stored and hashed."""
    return _encoder.encode(event)


@lru_cache(maxsize=1024)
def decoder(type_name: str, version: int) -> Callable[[bytes], Event]:
    """The function that reads the stored bytes of that type and version, upcasting where needed.

    Raises :class:`UnknownType` or :class:`NewerVersion`.
    """
    cls = event_class(type_name)
    if version == cls.VERSION:
        return msgspec.json.Decoder(cls).decode
    if version > cls.VERSION:
        raise NewerVersion(f"{type_name} v{version} is stored, this program knows up to v{cls.VERSION}")
    raw = msgspec.json.Decoder(dict[str, Any])
    steps = [cls.UPCASTERS[step] for step in range(version, cls.VERSION)]

    def upcast(data: bytes) -> Event:
        fields = raw.decode(data)
        for step in steps:
            fields = step(fields)
        return msgspec.convert(fields, cls)

    return upcast


@lru_cache(maxsize=1024)
def batch_decoder(type_name: str, version: int) -> Callable[[bytes], list[Event]]:
    """The function that reads the stored bytes of many events of that type and version, with commas between them.

    Raises what :func:`decoder` raises.
    """
    one, cls = decoder(type_name, version), event_class(type_name)
    if version == cls.VERSION:
        current = msgspec.json.Decoder(list[cls]).decode  # type: ignore[valid-type]
        return lambda payloads: current(b"[%b]" % payloads)
    raw = msgspec.json.Decoder(list[msgspec.Raw]).decode
    return lambda payloads: [one(bytes(payload)) for payload in raw(b"[%b]" % payloads)]


def decode(type_name: str, version: int, data: bytes) -> Event:
    """Stored bytes to the struct of today; see :func:`decoder`."""
    return decoder(type_name, version)(data)
