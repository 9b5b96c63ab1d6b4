"""Golden samples: stored payloads of every version of every type that was ever written, with every field.

They must load for ever. ``python -m encours.contracts.golden`` adds what is missing (a new type, a new version, and as
``<type>.v<version>+<n>.json`` fields that a version got later) and renews ``schema.json``; it never touches a sample
that exists.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
from msgspec import inspect as mi

from encours.contracts.base import Event, encode, types

FOLDER = Path(__file__).parent
SAMPLES = FOLDER / "golden"
SCHEMA = FOLDER / "schema.json"


def samples() -> Iterator[tuple[str, int, bytes]]:
    """Every stored sample as type, version and bytes."""
    for path in sorted(SAMPLES.glob("*.json")):
        type_name, _, version = path.stem.partition("+")[0].rpartition(".v")
        yield type_name, int(version), path.read_bytes()


def schema() -> bytes:
    """JSON Schema of every type, for readers that are not written in Python."""
    classes = dict(sorted(types().items()))
    refs, components = msgspec.json.schema_components(classes.values(), ref_template="#/$defs/{name}")
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Encours event payloads",
        "events": {
            name: {"version": cls.VERSION, "payload": ref}
            for (name, cls), ref in zip(classes.items(), refs, strict=True)
        },
        "$defs": components,
    }
    return msgspec.json.format(msgspec.json.encode(document, order="sorted"), indent=2) + b"\n"


def example(cls: type[Event]) -> Event:
    """A payload with every field filled in, the same each time."""
    info = mi.type_info(cls)
    assert isinstance(info, mi.StructType)
    return msgspec.convert(_fields(info), cls)


def _fields(info: mi.StructType) -> dict[str, Any]:
    return {field.name: _value(field.type, field.name) for field in info.fields}


def _value(kind: mi.Type, name: str) -> Any:
    match kind:
        case mi.StrType():
            return f"{name} é"
        case mi.IntType():
            return 24000
        case mi.BoolType():
            return True
        case mi.DateType():
            return date(2026, 3, 31)
        case mi.LiteralType():
            return kind.values[0]
        case mi.VarTupleType():
            return [_value(kind.item_type, name)]
        case mi.UnionType():
            return _value(next(t for t in kind.types if not isinstance(t, mi.NoneType)), name)
        case mi.StructType():
            return _fields(kind)
        case _:
            raise TypeError(f"contracts hold no {kind}: canonical JSON is not assured for it")


def unsampled() -> list[type[Event]]:
    """Types with a field that no sample of the current version has."""
    shown: dict[str, set[str]] = {}
    for name, version, data in samples():
        if version == types()[name].VERSION:
            shown.setdefault(name, set()).update(_paths(msgspec.json.decode(data)))
    return [
        cls
        for name, cls in types().items()
        if name not in shown or not shown[name].issuperset(_paths(msgspec.json.decode(encode(example(cls)))))
    ]


def _paths(value: Any, place: str = "") -> Iterator[str]:
    match value:
        case dict():
            for name, each in value.items():
                yield f"{place}.{name}"
                yield from _paths(each, f"{place}.{name}")
        case list():
            for each in value:
                yield from _paths(each, place)


def main() -> None:
    """Add missing samples and renew the schema."""
    SAMPLES.mkdir(exist_ok=True)
    for cls in unsampled():
        stem = f"{cls.TYPE}.v{cls.VERSION}"
        later = len(list(SAMPLES.glob(f"{stem}+*.json"))) + 1
        path = SAMPLES / f"{stem}.json"
        path = SAMPLES / f"{stem}+{later}.json" if path.exists() else path
        path.write_bytes(encode(example(cls)))
        print(f"added {path.name}")
    SCHEMA.write_bytes(schema())


if __name__ == "__main__":
    import encours.contracts  # noqa: F401  registers every type

    main()
