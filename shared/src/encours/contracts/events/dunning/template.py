"""Templates of messages: texts in versions, at most one of them in force. Appended by dunning-svc.

Stream: the template id, which follows from code, language and creditor. A template without a creditor belongs to the
whole ledger. The templates that Encours ships are not in the ledger.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from encours.contracts.base import Event

TemplateLanguage = Literal["fr", "en", "de"]
TemplatePurpose = Literal["announcement", "reminder", "formal_notice", "short_message", "thanks"]
"""``short_message``: text messages, in few characters. ``thanks``: for paid invoices, which policies name by itself."""
TemplateTone = Literal["cordial", "neutral", "firm"]
SHIPPED_TONES: Mapping[str, TemplateTone] = {
    "friendly": "cordial",
    "cordial": "cordial",
    "first": "neutral",
    "penalties": "firm",
    "formal_notice": "firm",
    "sms": "neutral",
    "thanks_cordial": "cordial",
    "thanks": "neutral",
    "thanks_firm": "firm",
}
"""Tone of the templates that Encours ships, by code."""


class TemplateVersionSaved(Event, frozen=True, kw_only=True):
    """A version, in force at once. Versions of a template are numbered from 1 without gaps."""

    TYPE: ClassVar[str] = "template.version_saved"
    template_id: str
    template_code: str
    language: TemplateLanguage
    creditor_id: str | None
    """Entity that it is for; ``None`` for all that have none of their own."""
    version: int
    purpose: TemplatePurpose
    tone: TemplateTone
    subject: str
    text: str
    source_hash: str
    """``sha256:`` and the digest of subject and text."""


class TemplateReset(Event, frozen=True, kw_only=True):
    """No version is in force: the template that comes after it is used, at last one that Encours ships."""

    TYPE: ClassVar[str] = "template.reset"
    template_id: str
    template_code: str
    language: TemplateLanguage
    creditor_id: str | None
    version: int
    """The version that was in force."""
    cause: str
