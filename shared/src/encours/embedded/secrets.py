"""Passwords of a local installation: generated once, kept in `var/secrets.json` (0600), never printed."""

from __future__ import annotations

import base64
import json
import secrets
from dataclasses import asdict, dataclass
from typing import Any

from encours.embedded.layout import Layout, read_json, write_private
from encours.embedded.process import StartFailed

SERVICES = ("invoice", "dunning", "risk", "reporting")
ROLES = tuple(f"encours_{name}" for name in SERVICES)
"""Login role of each service: the same name in PostgreSQL and in NATS."""

AUDITOR = "encours_auditor"
"""Login role of whoever audits the ledger: in PostgreSQL alone."""

NATS_ADMIN = "encours_admin"

RELAY = "encours_relay"
"""NATS user that publishes the ledger's events: invoice-svc's workers alone know its password."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """`postgres` is the superuser's password; `roles` and `nats` map a user to its password.

    `gateway` signs the orders to the gateway of this machine, and its events (docs/gateway.md).
    """

    postgres: str
    roles: dict[str, str]
    nats: dict[str, str]
    gateway: str


def load_secrets(layout: Layout) -> Secrets:
    """The installation's passwords, made at the first call; a user that is new gets its own at the next.

    Raises :class:`StartFailed` when the file is damaged, or missing where a database is: its servers would no longer
    let anyone in.
    """
    stored = stored_secrets(layout)
    if not stored and (layout.pg / "data").is_dir():
        raise StartFailed(
            f"{layout.secrets_json} is missing, and {layout.pg} holds a database that opens with its passwords alone: "
            "put the file back from a backup (deploy/runbooks/keys.md)"
        )
    roles, nats = stored.get("roles", {}), stored.get("nats", {})
    complete = Secrets(
        postgres=stored.get("postgres") or _password(),
        roles={role: roles.get(role) or _password() for role in (*ROLES, AUDITOR)},
        nats={user: nats.get(user) or _password() for user in (*ROLES, RELAY, NATS_ADMIN)},
        gateway=stored.get("gateway") or f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}",
    )
    wanted = asdict(complete)
    if wanted != stored:
        write_private(layout.secrets_json, json.dumps(wanted, indent=2) + "\n")
    return complete


def stored_secrets(layout: Layout) -> dict[str, Any]:
    """Return the content of `var/secrets.json`, {} when there is none. Raises :class:`StartFailed` if it is damaged."""
    if not layout.secrets_json.exists():
        return {}
    stored = read_json(layout.secrets_json)
    if stored is None or not _is_whole(stored):
        raise StartFailed(
            f"{layout.secrets_json} is damaged and was left as it is: put it back from a backup "
            "(deploy/runbooks/keys.md). Without its passwords nobody gets into the databases of this folder"
        )
    return stored


def _is_whole(stored: dict[str, Any]) -> bool:
    users = [stored.get("roles"), stored.get("nats")]
    passwords = [
        stored.get("postgres"),
        *(word for kind in users if isinstance(kind, dict) for word in kind.values()),
    ]
    return all(isinstance(kind, dict) for kind in users) and all(
        isinstance(word, str) and word for word in passwords
    )


def _password() -> str:
    return secrets.token_urlsafe(24)
