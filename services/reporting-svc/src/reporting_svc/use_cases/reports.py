"""Commands on custom reports. Only the owner changes one; of others, nobody learns more than they may see."""

from __future__ import annotations

from encours.ledger import Ledger
from encours.ledger.command import Result
from encours.ledger.session import Session
from encours.ledger.states import Folder
from reporting_svc.domain.report import state
from reporting_svc.domain.report.state import CustomReport, ReportNotFound, SaveReport, ShareReport
from reporting_svc.read_models.refusals import ReportingEntityNotFound

REPORT: Folder[CustomReport] = Folder(CustomReport, state.evolve, ReportNotFound)


async def save_report(session: Session, command: SaveReport, ledger: Ledger) -> Result:
    """Make a report, of an entity or of all that a reader may see. Raises :class:`ReportingEntityNotFound`."""
    await session.load(REPORT, command.report_id)
    if command.entity_id:
        session.require_entity(command.entity_id)
        await session.ask(require_entity, ledger, session.meta.ledger, command.entity_id)
    for event in state.save(CustomReport(), command, session.meta.actor):
        session.emit(command.report_id, event, entity=command.entity_id)
    return session.result(command.report_id)


async def change_report(session: Session, command: SaveReport) -> Result:
    """Change the name or the content of a report."""
    known = await session.get(REPORT, command.report_id)
    for event in state.save(known, command, session.meta.actor):
        session.emit(command.report_id, event, entity=known.entity_id)
    return session.result(command.report_id)


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
