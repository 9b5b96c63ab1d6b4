"""Rights of the services' database roles to append, as `ledger.append` checks them.

They follow from the contracts (:mod:`encours.contracts.families`, and the fields of each type) and are stored at every
`encours migrate`: a new family, type or field needs no migration of its own. Nothing is removed, as processes of the
release before go on while a new one is installed.
"""

from __future__ import annotations

import asyncpg
from msgspec.structs import fields

from encours.contracts import types
from encours.contracts.families import FAMILIES

_FAMILY = """insert into ledger.type_family as f (role, family, streams, numbered) values ($1, $2, $3, $4)
  on conflict (role, family) do update set streams = excluded.streams, numbered = excluded.numbered
  where (f.streams, f.numbered) is distinct from (excluded.streams, excluded.numbered)"""
_FORM = """insert into ledger.payload_form as f (type, schema_version, fields, required) values ($1, $2, $3, $4)
  on conflict (type, schema_version) do update set fields = excluded.fields, required = excluded.required
  where (f.fields, f.required) is distinct from (excluded.fields, excluded.required)"""
_KNOWN = "select type, schema_version, fields from ledger.payload_form"


async def store_append_rights(connection: asyncpg.Connection) -> None:
    """Bring the rights up to date with the contracts of this release. Idempotent."""
    await connection.executemany(
        _FAMILY,
        [
            (f"encours_{service}", family.name, family.streams, family.numbered)
            for family in FAMILIES
            for service in family.writers
        ],
    )
    await connection.executemany(_FORM, _forms())


async def types_without_right(connection: asyncpg.Connection) -> list[str]:
    """Return the types of this release whose payloads the ledger would refuse: `encours migrate` has not run since."""
    known = {(name, version): {*stored} for name, version, stored in await connection.fetch(_KNOWN)}
    return [
        name for name, version, own, _ in _forms() if not known.get((name, version), set()).issuperset(own)
    ]


def _forms() -> list[tuple[str, int, list[str], list[str]]]:
    """Type and version of each payload, the fields that it may have in their order, and those without a default."""
    return [
        (name, cls.VERSION, sorted(cls.__struct_fields__), sorted(f.name for f in fields(cls) if f.required))
        for name, cls in sorted(types().items())
    ]
