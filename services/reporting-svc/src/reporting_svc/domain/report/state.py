"""A saved report: who may see it, who may change it. Stream: the report's id."""

from __future__ import annotations

from dataclasses import dataclass, replace

from encours.contracts import Recorded
from encours.contracts.events.report import (
    ReportAudience,
    ReportDocument,
    ReportDropped,
    ReportSaved,
    ReportShared,
)
from encours.kernel.errors import NotFound, Refusal
from reporting_svc.domain.report.document import plan_of


class ReportNotFound(NotFound):
    """No report has the id, or none that the key may see (404)."""

    code = "report-not-found"
    title = "Report not found"
    remedy = "Use an id from GET /v1/reports."


class ReportNotYours(Refusal):
    """Another actor owns the report (403)."""

    code = "report-not-yours"
    title = "Report belongs to another owner"
    status = 403
    remedy = "Save a copy of your own with POST /v1/reports, or have its owner change it."


@dataclass(frozen=True, slots=True)
class SaveReport:
    """Save a report under an id; a name or a document that is None stays as it is."""

    report_id: str
    name: str | None
    document: ReportDocument | None
    entity_id: str = ""


@dataclass(frozen=True, slots=True)
class ShareReport:
    """Name the readers of a report."""

    report_id: str
    audience: ReportAudience
    actors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CustomReport:
    """A report and its readers; ``saved`` is None before it is made."""

    entity_id: str = ""
    saved: ReportSaved | None = None
    audience: ReportAudience = "nobody"
    actors: tuple[str, ...] = ()
    dropped: bool = False

    def is_shared_with(self, actor: str) -> bool:
        """Return True for its owner and its readers."""
        if self.saved is None:
            return False
        return actor == self.saved.owner or self.audience == "everyone" or actor in self.actors

    def is_visible_to(self, actor: str) -> bool:
        """Return True if an actor whose key covers the entity may read it."""
        return not self.dropped and self.is_shared_with(actor)


def evolve(state: CustomReport, recorded: Recorded) -> CustomReport:
    """Return the state after the event."""
    match recorded.data:
        case ReportSaved():
            return replace(state, entity_id=recorded.entity, saved=recorded.data)
        case ReportShared():
            return replace(state, audience=recorded.data.audience, actors=recorded.data.actors)
        case ReportDropped():
            return replace(state, dropped=True)
        case _:
            raise TypeError(f"{recorded.type} is no event of a report")


def owned(state: CustomReport, report_id: str, actor: str) -> ReportSaved:
    """Return the report as its owner changes it. Raises :class:`ReportNotFound` and :class:`ReportNotYours`."""
    if state.saved is None or not state.is_visible_to(actor):
        raise ReportNotFound(report_id)
    if state.saved.owner != actor:
        raise ReportNotYours(f"{state.saved.owner} owns this report.")
    return state.saved


def save(state: CustomReport, command: SaveReport, actor: str) -> list[ReportSaved]:
    """Make or change a report; no event if nothing changes. Raises :class:`ReportContradicts`."""
    known = state.saved and owned(state, command.report_id, actor)
    name = command.name or (known.name if known else "")
    document = command.document or (known.document if known else None)
    assert document is not None, "a new report has a document"
    if known is not None and (known.name, known.document) == (name, document):
        return []
    plan_of(document)
    version = 1 if known is None else known.definition_version + (known.document != document)
    return [
        ReportSaved(
            report_id=command.report_id, name=name, owner=actor, definition_version=version, document=document
        )
    ]


def share(state: CustomReport, command: ShareReport, actor: str) -> list[ReportShared]:
    """Name the readers; no event if they are the same."""
    owned(state, command.report_id, actor)
    if (state.audience, state.actors) == (command.audience, command.actors):
        return []
    return [ReportShared(report_id=command.report_id, audience=command.audience, actors=command.actors)]


def drop(state: CustomReport, report_id: str, actor: str) -> list[ReportDropped]:
    """Drop a report."""
    owned(state, report_id, actor)
    return [ReportDropped(report_id=report_id)]
