"""A template of the ledger: its versions, and the one in force."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from dunning_svc.domain.message.render import Source
from encours.contracts import Recorded
from encours.contracts.events.dunning.template import (
    TemplateLanguage,
    TemplatePurpose,
    TemplateReset,
    TemplateTone,
    TemplateVersionSaved,
)
from encours.contracts.events.parties.entity import EntityRegistered
from encours.kernel.errors import NotFound
from encours.ledger.states import Folder


class TemplateNotFound(NotFound):
    """The ledger has no template of this code, language and creditor, and none is shipped (404)."""

    code = "template-not-found"
    title = "Template not found"
    remedy = (
        "Use a code and a language from GET /v1/templates, without `entity_id` unless it is listed with one."
    )


class CreditorNotFound(NotFound):
    """The ledger has no creditor of this id (404)."""

    code = "entity-not-found"
    title = "Entity not found"
    remedy = "Use an id from GET /v1/entities of invoice-svc."


@dataclass(frozen=True, slots=True)
class TextVersion:
    """A version of a template."""

    version: int
    purpose: TemplatePurpose
    tone: TemplateTone
    source: Source
    saved_on: date


@dataclass(frozen=True, slots=True)
class OwnTemplate:
    """A template in the ledger. ``in_force`` is None after a reset, and before the first version."""

    template_id: str = ""
    code: str = ""
    language: TemplateLanguage = "en"
    entity_id: str | None = None
    versions: tuple[TextVersion, ...] = ()
    in_force: TextVersion | None = None
    reset_on: date | None = None


def evolve(state: OwnTemplate, e: Recorded) -> OwnTemplate:
    """Apply one event of the template."""
    match e.data:
        case TemplateVersionSaved() as saved:
            version = TextVersion(
                saved.version, saved.purpose, saved.tone, Source(saved.subject, saved.text), e.effective_on
            )
            return OwnTemplate(
                saved.template_id,
                saved.template_code,
                saved.language,
                saved.creditor_id,
                (*state.versions, version),
                version,
            )
        case TemplateReset():
            return replace(state, in_force=None, reset_on=e.effective_on)
        case _:
            return state


TEMPLATE = Folder(OwnTemplate, evolve, TemplateNotFound)


def _registered(state: str, e: Recorded) -> str:
    return e.data.entity_id if isinstance(e.data, EntityRegistered) else state


CREDITOR: Folder[str] = Folder(str, _registered, CreditorNotFound)
"""Id of a creditor; empty before its registration."""
