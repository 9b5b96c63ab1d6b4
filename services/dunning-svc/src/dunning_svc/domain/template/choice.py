"""The text that a message uses: the creditor's own, else the ledger's, else one that Encours ships."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dunning_svc.domain.message.render import Source
from dunning_svc.domain.message.shipped import STAND_IN, TEMPLATES, shipped_source
from encours.contracts.events.dunning.template import TemplateLanguage


@dataclass(frozen=True, slots=True)
class SavedText:
    """A text of the ledger. ``version`` is 0 after a reset."""

    code: str
    language: str
    entity_id: str | None
    purpose: str
    version: int
    source: Source


@dataclass(frozen=True, slots=True)
class ChosenText:
    """Text of a message and its origin. ``version`` is 0 for one that is shipped."""

    code: str
    language: TemplateLanguage
    entity_id: str | None
    version: int
    source: Source


class SavedTemplates:
    """The texts of a ledger."""

    def __init__(self, texts: Iterable[SavedText] = ()) -> None:
        self._texts: Mapping[tuple[str, str, str | None], SavedText] = {
            (each.code, each.language, each.entity_id): each for each in texts
        }

    def choose(self, code: str, language: TemplateLanguage, entity_id: str) -> ChosenText:
        """Return the text of a code for a customer's language and a creditor.

        A code of the ledger's own without a text in the language gives way to the shipped one of its purpose. Raises
        ``LookupError`` for an unknown code.
        """
        for scope in (entity_id, None):
            found = self._texts.get((code, language, scope))
            if found is not None and found.version:
                return ChosenText(code, language, scope, found.version, found.source)
        purpose = self.purpose_of(code)
        if purpose is None:
            raise LookupError(f"no template {code!r} is known")
        stand_in = code if code in TEMPLATES else STAND_IN[purpose]
        return ChosenText(stand_in, language, None, 0, shipped_source(stand_in, language))

    def purpose_of(self, code: str) -> str | None:
        """Return the purpose of a code; ``None`` for an unknown one."""
        if code in TEMPLATES:
            return TEMPLATES[code].purpose
        found = (
            each.purpose for each in self._texts.values() if each.code == code and each.entity_id is None
        )
        return next(found, None)
