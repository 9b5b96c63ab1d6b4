"""Projection of saved reports, of schedules and of the mails that they cause."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from encours import contracts
from encours.contracts import Recorded, events
from encours.contracts.events.report import ReportDropped, ReportSaved, ReportShared
from encours.contracts.events.schedule import (
    ReportMailFailed,
    ReportMailRequested,
    ReportMailSent,
    ReportMailUnconfirmed,
    ScheduleEnded,
    ScheduleSet,
    ScheduleStopped,
)
from encours.projection.read_model import ReadModel
from encours.projection.row_cache import RowCache
from encours.projection.rows import Row
from reporting_svc.read_models.reports.rows import DroppedReportRow, ReportReadersRow, SavedReportRow
from reporting_svc.read_models.reports.schedules import ReportMailRow, ScheduleRow, set_row, unset_row

if TYPE_CHECKING:
    from encours.projection.rows import Key


class Reports(ReadModel):
    """Saved reports with their readers, schedules and mails. It knows no other event: of amounts it has none."""

    name = "reports"
    version = 2
    rows = (SavedReportRow, ReportReadersRow, DroppedReportRow, ScheduleRow, ReportMailRow)
    applies = contracts.names_in(events.report, events.schedule) - contracts.names_of(
        events.schedule.ScheduleRan
    )
    ignores = frozenset(contracts.types()) - applies

    def keys(self, e: Recorded) -> Iterable[tuple[type[Row], Key]]:
        """The mail whose outcome the event is; any other event is a row of its own."""
        if isinstance(e.data, ReportMailSent | ReportMailFailed | ReportMailUnconfirmed):
            yield ReportMailRow, (e.data.mail_id,)

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
            case ScheduleSet():
                rows.put(set_row(e, e.data))
            case ScheduleEnded() | ScheduleStopped():
                rows.put(unset_row(e, e.data.report_schedule_id))
            case ReportMailRequested():
                rows.put(ReportMailRow.of(e, e.data))
            case ReportMailSent() | ReportMailFailed():
                self._conclude(e.data.mail_id, e.type, e.data.evidence, rows)
            case ReportMailUnconfirmed():
                self._conclude(e.data.mail_id, e.type, None, rows)
            case _:
                raise TypeError(f"{e.type} is no event of a report")

    def _conclude(self, mail_id: str, outcome: str, evidence: str | None, rows: RowCache) -> None:
        known = rows.get(ReportMailRow, mail_id)
        if known is None:
            raise LookupError(f"{outcome} of {mail_id}, which was never requested")
        rows.put(replace(known, status=outcome.partition(".")[2], evidence=evidence))
