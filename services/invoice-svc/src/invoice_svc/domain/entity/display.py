"""Text in which the numbers of a series are shown, such as ``{customer_ref}/{number}``.

The legal number is part of it and stays what it is; it is the one that the law asks for, that payments name and that
series count. Customer's reference and order number are those of the day of issue.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from encours.contracts.events import entity as events
from encours.kernel.errors import Invalid
from invoice_svc.domain.entity.commands import SetNumberDisplay
from invoice_svc.domain.entity.decide import SeriesNotFound
from invoice_svc.domain.entity.state import Entity, EntityEvent

NUMBER = "{number}"
_FIELDS = frozenset({"number", "customer_ref", "reference"})
_FIELD = re.compile(r"\{([^{}]*)\}")
_SEPARATORS = " -_/.:#"


def set_display(state: Entity, command: SetNumberDisplay) -> list[EntityEvent]:
    """Set the text of a series from a day on; no event if it is set so already. Raises ``series-not-found``."""
    if command.code not in state.series:
        raise SeriesNotFound(command.code)
    if command.template is not None:
        _check(command.template)
    shown = events.NumberDisplaySet(
        entity_id=state.entity_id,
        code=command.code,
        template=command.template,
        valid_from=command.valid_from,
    )
    return [] if shown in state.displays else [shown]


def filled(template: str | None, *, customer_ref: str | None, reference: str | None) -> str | None:
    """Return the text with all but the number filled in; what the document lacks is left out with its separators."""
    if template is None:
        return None
    given = {"customer_ref": customer_ref or "", "reference": reference or ""}
    before, after = template.split(NUMBER)
    return f"{_side(before, given, str.lstrip)}{NUMBER}{_side(after, given, str.rstrip)}"


def shown_as(display: str | None, number: str | None) -> str | None:
    """Return the text of a document with its number."""
    return number if display is None or number is None else display.replace(NUMBER, number)


def _side(part: str, given: Mapping[str, str], strip: Callable[[str, str], str]) -> str:
    """Return the text on one side of the number; its outer separators go with a field that has no text."""
    text = _FIELD.sub(lambda field: _plain(given[field[1]]), part)
    return text if all(given[name] for name in _FIELD.findall(part)) else strip(text, _SEPARATORS)


def _plain(text: str) -> str:
    """Return a reference without braces, so that it is no field."""
    return text.replace("{", "(").replace("}", ")")


def _check(template: str) -> None:
    fields = _FIELD.findall(template)
    rest = _FIELD.sub("", template)
    if fields.count("number") != 1 or not set(fields) <= _FIELDS or "{" in rest or "}" in rest:
        raise Invalid(
            "The template needs {number} exactly once, and may have {customer_ref} and {reference}.",
            "/template",
        )
