"""Commands on policies. A policy that Encours ships enters the ledger with the first command on it."""

from __future__ import annotations

from dunning_svc.domain.policy import decide
from dunning_svc.domain.policy.commands import ActivatePolicy, RetirePolicy, WritePolicy
from dunning_svc.domain.policy.shipped import DEFAULT_ID, SHIPPED
from dunning_svc.domain.policy.state import POLICY, OwnPolicy
from dunning_svc.use_cases.templates import LEDGER_WIDE, own_purposes
from encours.contracts.events.dunning.policy import PolicyBacktested
from encours.kernel.errors import Refusal
from encours.ledger.command import Result
from encours.ledger.session import Session


class DefaultPolicyFixed(Refusal):
    """The default policy is the same in every ledger (409)."""

    code = "default-policy-fixed"
    title = "Default policy cannot be changed"
    remedy = "Create a policy of your own; with a priority above 0 it is applied before the default one."


async def create_policy(session: Session, command: WritePolicy) -> Result:
    """Create a policy."""
    own = await own_purposes(session, command.templates)
    _emit(session, command.policy_id, decide.create(command, own))
    return session.result(command.policy_id)


async def add_version(session: Session, command: WritePolicy) -> Result:
    """Add a version to a policy."""
    state = await load_policy(session, command.policy_id)
    own = await own_purposes(session, command.templates)
    for event in decide.add_version(state, command, own):
        _emit(session, command.policy_id, event)
    return session.result(command.policy_id)


async def activate(session: Session, command: ActivatePolicy) -> Result:
    """Put a version of a policy in force."""
    state = await load_policy(session, command.policy_id)
    for event in decide.activate(state, command, session.today):
        _emit(session, command.policy_id, event)
    return session.result(command.policy_id)


async def record_backtest(session: Session, event: PolicyBacktested) -> Result:
    """Record a completed back-test, so that an activation can name it."""
    await load_policy(session, event.policy_id)
    _emit(session, event.policy_id, event)
    return session.result(event.policy_id)


async def retire(session: Session, command: RetirePolicy) -> Result:
    """Put no version of a policy in force."""
    state = await session.get(POLICY, command.policy_id)
    for event in decide.retire(state, command):
        _emit(session, command.policy_id, event)
    return session.result(command.policy_id)


async def load_policy(session: Session, policy_id: str) -> OwnPolicy:
    """Return a policy of the ledger, which a shipped one enters here."""
    if policy_id == DEFAULT_ID:
        raise DefaultPolicyFixed("The default policy is shipped with Encours.")
    state = await session.load(POLICY, policy_id)
    shipped = SHIPPED.get(policy_id)
    for event in decide.chosen(state, shipped):
        _emit(session, policy_id, event)
    return await session.load(POLICY, policy_id) if shipped else await session.get(POLICY, policy_id)


def _emit(session: Session, policy_id: str, event: decide.PolicyEvent | PolicyBacktested) -> None:
    session.emit(policy_id, event, entity=LEDGER_WIDE)
