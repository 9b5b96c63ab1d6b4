"""Early warnings, taken again."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from encours.contracts import Recorded
from encours.contracts.events.credit_warning import CreditWarningRaised, WarningRules
from risk_svc.domain.reperform import DecisionAgain, WarningStep, warned_again
from risk_svc.domain.warning.episode import rules_of
from risk_svc.domain.warning.rules import WarnedCustomer, evaluate
from risk_svc.read_models.warnings.query import episodes_before, warned_book, warned_customers
from risk_svc.use_cases.decisions.past import LedgerPast
from risk_svc.use_cases.warnings.commands import CREDIT_WARNING, WARNING_RULES


async def warned_then(
    past: LedgerPast, e: Recorded, stored: WarningStep, earlier: Sequence[Recorded]
) -> DecisionAgain:
    """Raise or end a warning again, by the rules and figures at the position that it saw."""
    before = CREDIT_WARNING.fold(earlier)
    raised = stored if isinstance(stored, CreditWarningRaised) else before.raised
    assert raised is not None
    day, position, customer = e.effective_on, stored.seen_position, stored.customer_id
    known = await past.ledger.read_stream(past.name, rules_of(e.entity), upto=position)
    in_force = WARNING_RULES.fold(known)
    alone = {name: None for name in WarningRules.__struct_fields__ if name != raised.kind}
    rules = replace(in_force.rules, **alone)
    moment = past.moment(day, position)
    book = await warned_book(moment, e.entity, amounts=rules.concentration is not None)
    seen = WarnedCustomer(customer)
    if customer not in book.merged.merged:
        found = await warned_customers(moment, book, rules.limit_drift, [customer])
        seen = found[0] if found else seen
    lasting = (raised.kind,) if stored is not raised else ()
    return warned_again(
        stored,
        before,
        evaluate(seen, rules, day, lasting),
        episodes=await episodes_before(moment, customer, raised.kind, e.position),
        day=day,
        rules_version=in_force.version,
    )
