"""The figures of a ledger from the services' APIs, as `encours demo` prints them."""

from __future__ import annotations

from typing import Any

from encours.cli.api import Api


def figures(api: Api) -> dict[str, Any]:
    """Ageing, DSO, overdue, reminders and risk at the ledger's own date."""
    return {
        "aged_balance": api.get("reporting", "/v1/aged-balance"),
        "dso": api.get("reporting", "/v1/dso"),
        "overdue": api.get("reporting", "/v1/overdue", limit=5),
        "reminders": api.get("dunning", "/v1/reminders", limit=5),
    }


def show(found: dict[str, Any]) -> None:
    """As tables."""
    from encours.cli.common import out

    out.print(found)
