"""Requests for exports."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import partial

from encours.contracts.events.schedule import ReportOptions
from encours.kernel.errors import Invalid, NotFound, Refusal
from encours.ledger.command import CommandMeta
from encours.service.long_work_request import RequestedWork, position_upto, request_long_work
from reporting_svc.domain.journal.chart import default_chart
from reporting_svc.exports.store import Export, ExportKind, ExportStore, Layout
from reporting_svc.read_models.figures.query import LatestFigures
from reporting_svc.use_cases.reports import require_entity, require_group


class ExportNotFound(NotFound):
    """The ledger has no export of this id, or no longer (404)."""

    code = "export-not-found"
    title = "Export not found"
    remedy = "Use an id from GET /v1/exports; the last 50 of a ledger are kept."


class ExportNotReady(Refusal):
    """The file is not complete (409)."""

    code = "export-not-ready"
    title = "Export has no file"
    status = 409
    remedy = (
        "GET the export: wait until its state is completed; if it failed, its problem says what to change."
    )


@dataclass(frozen=True, slots=True)
class RequestExport:
    """A file, and the days that it covers. ``position``: as of an earlier position of the ledger."""

    kind: ExportKind
    layout: Layout
    entity_id: str
    first_on: date
    last_on: date
    accounts: dict[str, str]
    position: int | None = None
    report: ReportOptions | None = None
    begins_at: str = "/from"
    """Pointer to the field of the first day."""


async def request_export(
    figures: LatestFigures, store: ExportStore, meta: CommandMeta, wanted: RequestExport
) -> RequestedWork[Export]:
    """Store a request; a worker starts the process.

    Raises :class:`ReportingEntityNotFound`, ``Invalid`` for a position that the ledger has not reached or at which the
    entity did not exist, and for groups by a field that it had not defined there, :class:`AccountNumberRefused`,
    :class:`CommandReused`.
    """
    return await request_long_work(store, meta, "xpt", partial(_queued, figures, meta, wanted))


async def _checked(figures: LatestFigures, meta: CommandMeta, wanted: RequestExport) -> int:
    """Return the position up to which events are read."""
    ledger = figures.ledger
    default_chart().with_numbers(wanted.accounts)
    # A schedule asks on its own due day, which its entity has had.
    today = meta.today if meta.now is None else await ledger.today_of(meta.ledger, wanted.entity_id)
    if wanted.first_on > today:
        raise Invalid(f"The period begins after today, {today}: choose an earlier day.", wanted.begins_at)
    await require_entity(ledger, meta.ledger, wanted.entity_id)
    position = position_upto(wanted.position, (await ledger.head(meta.ledger)).position)
    if not await ledger.read_stream(meta.ledger, wanted.entity_id, upto=position):
        raise Invalid(f"The entity did not exist at position {position}: choose a later one.", "/position")
    group_by = wanted.report.group_by if wanted.report else None
    await require_group(figures, meta, wanted.entity_id, group_by, wanted.position, "/group_by")
    return position


async def _queued(figures: LatestFigures, meta: CommandMeta, wanted: RequestExport, export_id: str) -> Export:
    return Export(
        id=export_id,
        ledger=meta.ledger,
        entity_id=wanted.entity_id,
        kind=wanted.kind,
        layout=wanted.layout,
        first_on=wanted.first_on,
        last_on=wanted.last_on,
        position=await _checked(figures, meta, wanted),
        accounts=wanted.accounts,
        report=wanted.report,
        fingerprint=meta.fingerprint,
        asked_by=meta.actor,
    )
