"""Answers about templates."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Literal

from pydantic import BaseModel, Field

from dunning_svc.domain.message.render import Source
from dunning_svc.domain.message.shipped import LANGUAGES, TEMPLATES, shipped_source
from dunning_svc.domain.message.snapshot import hash_of
from dunning_svc.domain.template.state import TEMPLATE, OwnTemplate, TextVersion
from dunning_svc.use_cases.preview_message import PreviewedMessage
from encours.contracts.events.dunning.template import TemplateLanguage, TemplatePurpose, TemplateTone
from encours.http.answers import Answer
from encours.http.paging import Listing
from encours.http.queries import AsOf


class TextVersionOut(BaseModel):
    """A version of a template."""

    version: int
    saved_on: date
    tone: TemplateTone
    subject: str
    text: str
    source_hash: str

    @classmethod
    def of(cls, each: TextVersion) -> TextVersionOut:
        """Return a version."""
        return cls(
            version=each.version,
            saved_on=each.saved_on,
            tone=each.tone,
            subject=each.source.subject,
            text=each.source.text,
            source_hash=each.source.digest,
        )


class ShippedTextOut(BaseModel):
    """Text that Encours ships for a code and a language."""

    subject: str
    text: str
    source_hash: str

    @classmethod
    def of(cls, source: Source) -> ShippedTextOut:
        """Return a shipped text."""
        return cls(subject=source.subject, text=source.text, source_hash=source.digest)


class TemplateOut(BaseModel):
    """A template with its versions, oldest first."""

    id: str | None = Field(description="Null for one that is only shipped.")
    code: str
    language: TemplateLanguage
    entity_id: str | None = Field(description="Creditor that it is for; null for all.")
    purpose: TemplatePurpose
    tone: TemplateTone
    status: Literal["in_force", "reset", "shipped"] = Field(
        description="`shipped`: the ledger has none, the shipped one is used. `reset`: no version is in force."
    )
    version: int | None = Field(description="The version in force.")
    reset_on: date | None
    versions: list[TextVersionOut]
    shipped: ShippedTextOut | None = Field(description="Text that Encours ships for this code and language.")

    @classmethod
    def of(cls, state: OwnTemplate) -> TemplateOut:
        """Return a template of the ledger."""
        last = state.versions[-1]
        return cls(
            id=state.template_id,
            code=state.code,
            language=state.language,
            entity_id=state.entity_id,
            purpose=last.purpose,
            tone=last.tone,
            status="in_force" if state.in_force else "reset",
            version=state.in_force.version if state.in_force else None,
            reset_on=None if state.in_force else state.reset_on,
            versions=[TextVersionOut.of(each) for each in state.versions],
            shipped=_shipped_text(state.code, state.language),
        )

    @classmethod
    def of_shipped(cls, code: str, language: TemplateLanguage) -> TemplateOut:
        """Return a template that is not in the ledger."""
        shipped = TEMPLATES[code]
        return cls(
            id=None,
            code=code,
            language=language,
            entity_id=None,
            purpose=shipped.purpose,
            tone=shipped.tone,
            status="shipped",
            version=None,
            reset_on=None,
            versions=[],
            shipped=_shipped_text(code, language),
        )


def _shipped_text(code: str, language: TemplateLanguage) -> ShippedTextOut | None:
    return ShippedTextOut.of(shipped_source(code, language)) if code in TEMPLATES else None


class TemplateAsOf(TemplateOut, AsOf):
    """A template at the dates of the question."""


class TemplateList(Listing[TemplateOut], AsOf):
    """Templates of the ledger and those that are shipped, by code, language and creditor."""

    @classmethod
    def of(cls, states: Iterable[OwnTemplate]) -> list[TemplateOut]:
        """Return every template, with the shipped ones that the ledger does not have."""
        own = [TemplateOut.of(state) for state in states]
        known = {(each.code, each.language) for each in own if each.entity_id is None}
        shipped = [
            TemplateOut.of_shipped(code, language)
            for code in TEMPLATES
            for language in LANGUAGES
            if (code, language) not in known
        ]
        return sorted([*own, *shipped], key=lambda each: (each.code, each.language, each.entity_id or ""))


class PreviewOut(BaseModel):
    """A message that is not sent."""

    subject: str
    text: str
    html: str
    version: int | None = Field(
        description="Version of the template; 0 for a shipped one, null for a text that is not saved."
    )
    source_hash: str | None
    snapshot_hash: str = Field(description="Hash of all values that the message is made of.")
    content_hash: str = Field(description="Hash of subject, plain text and HTML.")

    @classmethod
    def of(cls, previewed: PreviewedMessage) -> PreviewOut:
        """Return the message with its hashes."""
        message, chosen = previewed.message, previewed.text
        return cls(
            subject=message.subject,
            text=message.text,
            html=message.html,
            version=None if chosen is None else chosen.version,
            source_hash=None if chosen is None else chosen.source.digest,
            snapshot_hash=hash_of(previewed.content),
            content_hash=message.digest,
        )


TEMPLATE_ANSWER = Answer(TEMPLATE, lambda state, *_: TemplateOut.of(state))
