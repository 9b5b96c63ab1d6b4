"""Commands on templates, and the templates that policies may name."""

from __future__ import annotations

from collections.abc import Iterable

from dunning_svc.domain.message.shipped import LANGUAGES, TEMPLATES
from dunning_svc.domain.template import decide
from dunning_svc.domain.template.commands import ResetTemplate, SaveTemplate, template_id
from dunning_svc.domain.template.state import CREDITOR, TEMPLATE
from encours.contracts.events.dunning.template import TemplatePurpose
from encours.kernel.errors import Refusal
from encours.ledger.command import Result
from encours.ledger.session import Session

LEDGER_WIDE = ""
"""Entity of events that belong to the whole ledger, so that a key limited to some entities cannot write them."""


class TemplateCodeUnknown(Refusal):
    """A creditor may have its own text of a code that exists, not a code of its own (422)."""

    code = "template-code-unknown"
    title = "Template code is not known"
    status = 422
    remedy = "Save the template for all creditors first: leave `entity_id` out."


async def save_template(session: Session, command: SaveTemplate) -> Result:
    """Put a text of a template in force."""
    known = await _purpose(session, command.code)
    if command.entity_id is not None:
        await session.get(CREDITOR, command.entity_id)
        if known is None:
            raise TemplateCodeUnknown(f"No template has the code {command.code} yet.", "/entity_id")
    state = await session.load(TEMPLATE, command.template_id)
    for event in decide.save(state, command, known):
        session.emit(command.template_id, event, entity=command.entity_id or LEDGER_WIDE)
    return session.result(command.template_id)


async def reset_template(session: Session, command: ResetTemplate) -> Result:
    """Put no version of a template in force."""
    state = await session.get(TEMPLATE, command.template_id)
    for event in decide.reset(state, command):
        session.emit(command.template_id, event, entity=state.entity_id or LEDGER_WIDE)
    return session.result(command.template_id)


async def own_purposes(session: Session, codes: Iterable[str]) -> dict[str, TemplatePurpose]:
    """Return the purposes of those codes that the ledger has templates of and that are not shipped."""
    found = {}
    for code in sorted(set(codes) - set(TEMPLATES)):
        if code and (purpose := await _purpose(session, code)) is not None:
            found[code] = purpose
    return found


async def _purpose(session: Session, code: str) -> TemplatePurpose | None:
    """Return the purpose that all texts of a code have; None for a new code."""
    if code in TEMPLATES:
        return TEMPLATES[code].purpose
    for language in LANGUAGES:
        state = await session.load(TEMPLATE, template_id(code, language, None))
        if state.versions:
            return state.versions[0].purpose
    return None
