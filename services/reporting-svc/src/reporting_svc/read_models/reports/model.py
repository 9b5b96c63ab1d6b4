"""Projection of saved reports."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from encours import contracts
from encours.contracts import Recorded, events
from encours.contracts.events.report import ReportDropped, ReportSaved, ReportShared
from encours.projection.read_model import ReadModel
from encours.projection.row_cache import RowCache
from encours.projection.rows import Row
from reporting_svc.read_models.reports.rows import DroppedReportRow, ReportReadersRow, SavedReportRow

if TYPE_CHECKING:
    from encours.projection.rows import Key


class Reports(ReadModel):
    """Saved reports with their readers. It knows no other event: of amounts it has none."""

    name = "reports"
    version = 1
    rows = (SavedReportRow, ReportReadersRow, DroppedReportRow)
    applies = contracts.names_in(events.report)
    ignores = frozenset(contracts.types()) - applies

    def keys(self, e: Recorded) -> Iterable[tuple[type[Row], Key]]:
        """No rows: an event is a row of its own."""
        return ()

    def project(self, e: Recorded, rows: RowCache) -> None:
        """Write the row of the event."""
        match e.data:
            case ReportSaved():
                rows.put(
                    SavedReportRow(
                        report_id=e.data.report_id,
                        position=e.position,
                        effective_on=e.effective_on,
                        entity=e.entity,
                        name=e.data.name,
                        owner=e.data.owner,
                        source=e.data.document.source,
                        definition_version=e.data.definition_version,
                    )
                )
            case ReportShared():
                rows.put(
                    ReportReadersRow(
                        report_id=e.data.report_id,
                        position=e.position,
                        effective_on=e.effective_on,
                        audience=e.data.audience,
                        actors=list(e.data.actors),
                    )
                )
            case ReportDropped():
                rows.put(
                    DroppedReportRow(
                        report_id=e.data.report_id, position=e.position, effective_on=e.effective_on
                    )
                )
            case _:
                raise TypeError(f"{e.type} is no event of a report")
