"""Rules of saving and resetting a template."""

from __future__ import annotations

from dunning_svc.domain.message.shipped import TEMPLATES
from dunning_svc.domain.template.checks import require_usable
from dunning_svc.domain.template.commands import ResetTemplate, SaveTemplate
from dunning_svc.domain.template.state import OwnTemplate
from encours.contracts.events.dunning.template import (
    TemplatePurpose,
    TemplateReset,
    TemplateTone,
    TemplateVersionSaved,
)
from encours.kernel.errors import Refusal

VERSIONS_MAX = 500
_USUAL_TONES: dict[TemplatePurpose, TemplateTone] = {
    "announcement": "cordial",
    "reminder": "neutral",
    "formal_notice": "firm",
    "short_message": "neutral",
    "thanks": "neutral",
}


class TemplatePurposeMissing(Refusal):
    """A new code needs a purpose (422)."""

    code = "template-purpose-missing"
    title = "Purpose of the template is missing"
    status = 422
    remedy = "Give a `purpose`: announcement, reminder, formal_notice, short_message or thanks."


class TemplatePurposeFixed(Refusal):
    """All texts of a code have one purpose, on which policies rely (409)."""

    code = "template-purpose-fixed"
    title = "Purpose of the template cannot be changed"
    remedy = "Leave `purpose` out, or save the text under another code."


class TemplateFull(Refusal):
    """The template has as many versions as it may (409)."""

    code = "template-versions-full"
    title = "Template has too many versions"
    remedy = "Save the text under another code."


def save(state: OwnTemplate, cmd: SaveTemplate, known: TemplatePurpose | None) -> list[TemplateVersionSaved]:
    """Put a text in force; no event if it is. ``known``: purpose of the code. Raises the refusals of this module."""
    purpose = known or cmd.purpose
    if purpose is None:
        raise TemplatePurposeMissing(f"No template has the code {cmd.code} yet.", "/purpose")
    if cmd.purpose not in (None, purpose):
        raise TemplatePurposeFixed(f"Templates with the code {cmd.code} are for: {purpose}.", "/purpose")
    require_usable(cmd.source, cmd.language, purpose)
    tone = cmd.tone or _tone(state, cmd.code, purpose)
    current = state.in_force
    if current is not None and (current.source, current.tone) == (cmd.source, tone):
        return []
    if len(state.versions) >= VERSIONS_MAX:
        raise TemplateFull(f"A template may have {VERSIONS_MAX} versions.")
    return [
        TemplateVersionSaved(
            template_id=cmd.template_id,
            template_code=cmd.code,
            language=cmd.language,
            creditor_id=cmd.entity_id,
            version=len(state.versions) + 1,
            purpose=purpose,
            tone=tone,
            subject=cmd.source.subject,
            text=cmd.source.text,
            source_hash=cmd.source.digest,
        )
    ]


def reset(state: OwnTemplate, cmd: ResetTemplate) -> list[TemplateReset]:
    """Put no version in force; no event if none is."""
    if state.in_force is None:
        return []
    return [
        TemplateReset(
            template_id=state.template_id,
            template_code=state.code,
            language=state.language,
            creditor_id=state.entity_id,
            version=state.in_force.version,
            cause=cmd.cause,
        )
    ]


def _tone(state: OwnTemplate, code: str, purpose: TemplatePurpose) -> TemplateTone:
    if state.versions:
        return state.versions[-1].tone
    return TEMPLATES[code].tone if code in TEMPLATES else _USUAL_TONES[purpose]
