"""Commands on custom reports. Only the owner changes one; of others, nobody learns more than they may see."""

from __future__ import annotations

from dataclasses import replace

from encours.ledger import Ledger
from encours.ledger.command import CommandMeta, Result
from encours.ledger.session import Session
from encours.ledger.states import Folder
from reporting_svc.domain.report import state
from reporting_svc.domain.report.document import custom_fields, require_fields
from reporting_svc.domain.report.state import CustomReport, ReportNotFound, SaveReport, ShareReport
from reporting_svc.read_models.figures.query import LatestFigures
from reporting_svc.read_models.receivables.groups import FieldGroup, group_of, require_defined
from reporting_svc.read_models.refusals import ReportingEntityNotFound

REPORT: Folder[CustomReport] = Folder(CustomReport, state.evolve, ReportNotFound)


async def save_report(session: Session, command: SaveReport, figures: LatestFigures) -> Result:
    """Make a report, of an entity or of all that a reader may see. Raises :class:`ReportingEntityNotFound`, and
    :class:`ReportContradicts` also for a custom field that is not defined.
    """
    await session.load(REPORT, command.report_id)
    if command.entity_id:
        await session.act_for(command.entity_id)
        await session.ask(require_entity, figures.ledger, session.meta.ledger, command.entity_id)
    await _save(session, CustomReport(), command, command.entity_id, figures)
    return session.result(command.report_id)


async def change_report(session: Session, command: SaveReport, figures: LatestFigures) -> Result:
    """Change the name or the content of a report. Raises :class:`ReportContradicts`."""
    known = await session.get(REPORT, command.report_id)
    await _save(session, known, command, known.entity_id, figures)
    return session.result(command.report_id)


async def _save(
    session: Session, known: CustomReport, command: SaveReport, entity_id: str, figures: LatestFigures
) -> None:
    """Emit the report as saved. Fields are looked up where the content names any and is another one."""
    for event in state.save(known, command, session.meta.actor):
        if command.document is not None and custom_fields(command.document):
            meta = session.meta
            defined = await session.ask(figures.defined_fields, meta.ledger, entity_id, meta.today)
            require_fields(command.document, defined)
        session.emit(command.report_id, event, entity=entity_id)


async def share_report(session: Session, command: ShareReport) -> Result:
    """Name the readers of a report."""
    known = await session.get(REPORT, command.report_id)
    for event in state.share(known, command, session.meta.actor):
        session.emit(command.report_id, event, entity=known.entity_id)
    return session.result(command.report_id)


async def drop_report(session: Session, report_id: str) -> Result:
    """Drop a report."""
    known = await session.get(REPORT, report_id)
    for event in state.drop(known, report_id, session.meta.actor):
        session.emit(report_id, event, entity=known.entity_id)
    return session.result(report_id)


async def require_entity(ledger: Ledger, name: str, entity_id: str) -> None:
    """Raise :class:`ReportingEntityNotFound` unless the ledger has the entity."""
    if not (await ledger.versions(name, [entity_id]))[entity_id]:
        raise ReportingEntityNotFound(entity_id)


async def require_group(
    figures: LatestFigures,
    meta: CommandMeta,
    entity_id: str,
    group_by: str | None,
    position: int | None,
    pointer: str,
) -> None:
    """Raise a 422 refusal for groups by a custom field that the entity has not defined, up to a position if named."""
    if group_by is None or not isinstance(by := group_of(group_by), FieldGroup):
        return
    async with replace(figures, granted=(entity_id,)).view(meta.ledger, meta.today, position) as view:
        await require_defined(view, by, pointer)
