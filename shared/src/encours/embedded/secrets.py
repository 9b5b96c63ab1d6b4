"""Passwords of a local installation: generated once, kept in `var/secrets.json` (0600), never printed."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass

from encours.embedded.layout import Layout, read_json, write_private

SERVICES = ("invoice", "dunning", "risk", "reporting")
ROLES = tuple(f"encours_{name}" for name in SERVICES)
"""Login role of each service: the same name in PostgreSQL and in NATS."""

AUDITOR = "encours_auditor"
"""Login role of whoever audits the ledger: in PostgreSQL alone."""

NATS_ADMIN = "encours_admin"


@dataclass(frozen=True, slots=True)
class Secrets:
    """`postgres` is the superuser's password; `roles` and `nats` map a user to its password."""

    postgres: str
    roles: dict[str, str]
    nats: dict[str, str]


def load_secrets(layout: Layout) -> Secrets:
    """The installation's passwords, made at the first call; a user that is new gets its own at the next."""
    stored = read_json(layout.secrets_json) or {}
    roles, nats = stored.get("roles", {}), stored.get("nats", {})
    complete = Secrets(
        postgres=stored.get("postgres") or _password(),
        roles={role: roles.get(role) or _password() for role in (*ROLES, AUDITOR)},
        nats={user: nats.get(user) or _password() for user in (*ROLES, NATS_ADMIN)},
    )
    wanted = {"postgres": complete.postgres, "roles": complete.roles, "nats": complete.nats}
    if wanted != stored:
        write_private(layout.secrets_json, json.dumps(wanted, indent=2) + "\n")
    return complete


def _password() -> str:
    return secrets.token_urlsafe(24)
