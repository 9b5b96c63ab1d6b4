"""Commands on a template."""

from __future__ import annotations

from dataclasses import dataclass

from dunning_svc.domain.message.render import Source
from encours.contracts.events.dunning.template import TemplateLanguage, TemplatePurpose, TemplateTone
from encours.kernel.ids import derived_id


def template_id(code: str, language: TemplateLanguage, entity_id: str | None) -> str:
    """Return the id of a template; one of a creditor has another than that of the whole ledger."""
    return derived_id("tpl", code, language, entity_id or "")


@dataclass(frozen=True, slots=True)
class SaveTemplate:
    """Put a text in force. ``purpose`` and ``tone`` may be left out where the code has them already."""

    code: str
    language: TemplateLanguage
    entity_id: str | None
    source: Source
    purpose: TemplatePurpose | None
    tone: TemplateTone | None

    @property
    def template_id(self) -> str:
        """Stream of the template."""
        return template_id(self.code, self.language, self.entity_id)


@dataclass(frozen=True, slots=True)
class ResetTemplate:
    """Put no version in force."""

    template_id: str
    cause: str
