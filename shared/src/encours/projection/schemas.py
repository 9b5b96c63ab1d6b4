"""Names of the schemas that hold a read model's tables."""

from __future__ import annotations

import hashlib
import re

_PLAIN = re.compile(r"[a-z0-9_]{1,24}")
_MODEL = re.compile(r"[a-z][a-z0-9_]{0,30}")


def schema_of(model: str, ledger: str) -> str:
    """The quoted schema of a model's tables for one ledger, such as ``"open_items_demo"``."""
    return f'"{_schema(model, ledger)}"'


def shadow_of(model: str, ledger: str) -> str:
    """The quoted schema that a rebuild writes before it takes the place of :func:`schema_of`."""
    return f'"{_schema(model, ledger)}__next"'


def unquoted(schema: str) -> str:
    """A schema name as the catalogue has it."""
    return schema.strip('"')


def _schema(model: str, ledger: str) -> str:
    if not _MODEL.fullmatch(model):
        raise ValueError(
            f"{model!r} is not a read model's name: lower-case letters, digits, _ and 31 at most"
        )
    if _PLAIN.fullmatch(ledger):
        return f"{model}_{ledger}"
    # "a-b" and "a_b" are two ledgers and PostgreSQL cuts names at 63 bytes: what was changed carries a digest.
    digest = hashlib.sha256(ledger.encode()).hexdigest()[:8]
    return f"{model}_{re.sub(r'[^a-z0-9]', '_', ledger)[:15]}_{digest}"
