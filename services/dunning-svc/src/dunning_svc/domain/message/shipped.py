"""Templates that Encours ships: a file for each code and language in ``templates/``, its subject in the first line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import get_args

from dunning_svc.domain.formats import MessageLang
from dunning_svc.domain.message.render import Source
from encours.contracts.events.dunning.document import DunningAct
from encours.contracts.events.dunning.template import SHIPPED_TONES, TemplatePurpose, TemplateTone

ACTS: Mapping[TemplatePurpose, frozenset[DunningAct]] = {
    "announcement": frozenset({"email"}),
    "reminder": frozenset({"email", "letter", "webhook"}),
    "formal_notice": frozenset({"registered_letter"}),
    "short_message": frozenset({"sms"}),
    "thanks": frozenset(),
}
"""Acts that templates of a purpose are for; no step thanks. An announcement is for steps before the due date."""


@dataclass(frozen=True, slots=True)
class ShippedTemplate:
    """TemplatePurpose and tone of a shipped template."""

    purpose: TemplatePurpose
    tone: TemplateTone


_PURPOSES: Mapping[str, TemplatePurpose] = {
    "friendly": "announcement",
    "cordial": "reminder",
    "first": "reminder",
    "penalties": "reminder",
    "formal_notice": "formal_notice",
    "sms": "short_message",
    "thanks_cordial": "thanks",
    "thanks": "thanks",
    "thanks_firm": "thanks",
}
TEMPLATES: Mapping[str, ShippedTemplate] = {
    code: ShippedTemplate(_PURPOSES[code], tone) for code, tone in SHIPPED_TONES.items()
}
"""By code."""
STAND_IN: Mapping[str, str] = {
    "announcement": "friendly",
    "reminder": "first",
    "formal_notice": "formal_notice",
    "short_message": "sms",
    "thanks": "thanks",
}
"""By purpose, the shipped template that stands in for one of the ledger's own without a text in the language."""
LANGUAGES: tuple[MessageLang, ...] = get_args(MessageLang)


@cache
def shipped_source(code: str, lang: MessageLang) -> Source:
    """Return the text of a shipped template. Raises ``LookupError`` for an unknown code."""
    if code not in TEMPLATES:
        raise LookupError(f"no template {code!r} is shipped")
    source = (files("dunning_svc") / "templates" / lang / f"{code}.txt").read_text("utf-8")
    subject, _, text = source.partition("\n")
    return Source(subject.removeprefix("Subject: "), text.strip())
