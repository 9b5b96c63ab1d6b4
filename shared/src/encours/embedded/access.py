"""The way of other commands to the servers that `encours up` started."""

from __future__ import annotations

from urllib.parse import quote

from encours.embedded.layout import Layout
from encours.embedded.postgres import SUPERUSER
from encours.embedded.runstate import RunState
from encours.embedded.secrets import stored_secrets


def local_admin_url(layout: Layout, run: RunState | None) -> str | None:
    """PostgreSQL's superuser over the unix socket; None unless the supervisor of this folder runs its own server."""
    secrets = stored_secrets(layout)
    if run is None or not run.alive or run.postgres is None or not secrets:
        return None
    place = f"host={quote(run.postgres['host'], safe='')}&port={run.postgres['port']}"
    return f"postgresql://{SUPERUSER}:{quote(secrets['postgres'], safe='')}@/postgres?{place}"
