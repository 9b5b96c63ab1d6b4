"""The query by which a command looks up what the ledger's head shows."""

from __future__ import annotations

from encours.http.commands import Command
from reporting_svc.read_models.figures.query import LatestFigures


def latest_figures(cmd: Command) -> LatestFigures:
    """Return the query, with the entities that the caller's key covers."""
    return LatestFigures(cmd.services.db, cmd.ledger, cmd.meta.entities)
