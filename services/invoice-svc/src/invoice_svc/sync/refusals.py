"""Refusals of checks against another system."""

from __future__ import annotations

from encours.kernel.errors import NotFound, Refusal


class SyncListInvalid(Refusal):
    """The list of open items cannot be read (422)."""

    code = "sync-list-invalid"
    title = "List of open items cannot be read"
    status = 422
    remedy = (
        "Correct the lines that errors[] points to, by their number from 1, and send the whole list again."
    )


class SyncCheckNotFound(NotFound):
    """No check has the id (404)."""

    code = "sync-check-not-found"
    title = "Check not found"
    remedy = "Take the id from GET /v1/sync-checks."
