"""Rules of a policy's versions, its activation and its retirement."""

from __future__ import annotations

from datetime import date, timedelta

from dunning_svc.domain.policy.checks import NO_TEMPLATES, Own, require_consistent
from dunning_svc.domain.policy.commands import ActivatePolicy, RetirePolicy, WritePolicy
from dunning_svc.domain.policy.shipped import ShippedPolicy
from dunning_svc.domain.policy.state import OwnPolicy
from encours.contracts.events.dunning.policy import (
    PolicyActivated,
    PolicyCreated,
    PolicyRetired,
    PolicyVersionAdded,
)
from encours.kernel.errors import Refusal

VERSIONS_MAX = 200
_BACKTEST_COUNTS = timedelta(days=1)
PolicyEvent = PolicyCreated | PolicyVersionAdded | PolicyActivated | PolicyRetired


class PolicyVersionNotFound(Refusal):
    """The policy has no version of this number (422)."""

    code = "policy-version-not-found"
    title = "Policy has no such version"
    status = 422
    remedy = "Use a version that GET /v1/policies/{id} lists."


class TooManyVersions(Refusal):
    """The policy has as many versions as it may (409)."""

    code = "policy-versions-full"
    title = "Policy has too many versions"
    remedy = "Create another policy from the last version and retire this one."


class BacktestNotNamed(Refusal):
    """The activation names no back-test of this policy, and no reason for doing without (422)."""

    code = "activation-needs-backtest"
    title = "Activation needs a back-test"
    status = 422
    remedy = (
        "Make a back-test of the version (POST /v1/policies/{id}/backtests) and name it in `backtest_id` once it is "
        "completed; or give the reason for doing without one in `without_backtest`."
    )


class BacktestDoesNotApply(Refusal):
    """The back-test is one of another version, or too old (422)."""

    code = "backtest-does-not-apply"
    title = "Back-test does not apply"
    status = 422
    remedy = "Make a back-test of the version that you activate. It counts on the day of its completion and the next."


class ActivationWithoutGrounds(Refusal):
    """The activation states no reason (422)."""

    code = "activation-needs-reason"
    title = "Activation needs a reason"
    status = 422
    remedy = "Give the `reason` for activating the version."


class PolicyNotInForce(Refusal):
    """No version of the policy is in force (409)."""

    code = "policy-not-in-force"
    title = "Policy is not in force"
    remedy = "Get the policy; there is nothing to retire."


def create(cmd: WritePolicy, own: Own = NO_TEMPLATES, shipped_as: str | None = None) -> PolicyCreated:
    """Create a policy with its first version. Raises :class:`PolicyContradicts`."""
    require_consistent(cmd.document, own)
    return PolicyCreated(policy_id=cmd.policy_id, document=cmd.document, shipped_as=shipped_as)


def chosen(state: OwnPolicy, shipped: ShippedPolicy | None) -> list[PolicyCreated]:
    """Create the shipped policy in a ledger that does not have it yet."""
    if state.versions or shipped is None:
        return []
    return [create(WritePolicy(shipped.policy_id, shipped.document), shipped_as=shipped.code)]


def add_version(state: OwnPolicy, cmd: WritePolicy, own: Own = NO_TEMPLATES) -> list[PolicyVersionAdded]:
    """Add a version; none if the last one has the same content. Raises :class:`PolicyContradicts`."""
    require_consistent(cmd.document, own)
    if state.last.document == cmd.document:
        return []
    if len(state.versions) >= VERSIONS_MAX:
        raise TooManyVersions(f"A policy may have {VERSIONS_MAX} versions.")
    return [
        PolicyVersionAdded(policy_id=cmd.policy_id, version=state.last.version + 1, document=cmd.document)
    ]


def activate(state: OwnPolicy, cmd: ActivatePolicy, today: date) -> list[PolicyActivated]:
    """Put a version in force; no event if it is. Raises the refusals of this module."""
    require_version(state, cmd.version)
    if cmd.cause is None:
        raise ActivationWithoutGrounds("Give the reason for the activation.", "/reason")
    require_backtest(state, cmd.version, cmd.backtest_id, cmd.without_backtest, today)
    if state.activation is not None and state.activation.version == cmd.version:
        return []
    return [
        PolicyActivated(
            policy_id=cmd.policy_id,
            version=cmd.version,
            backtest_id=cmd.backtest_id,
            cause=cmd.cause,
            without_backtest=cmd.without_backtest,
        )
    ]


def require_version(state: OwnPolicy, version: int, pointer: str = "/version") -> None:
    """Raise :class:`PolicyVersionNotFound` unless the policy has the version."""
    if not 1 <= version <= len(state.versions):
        raise PolicyVersionNotFound(f"It has the versions 1 to {len(state.versions)}.", pointer)


def require_backtest(
    state: OwnPolicy, version: int, backtest_id: str | None, without: str | None, today: date
) -> None:
    """Raise unless a back-test of the version of today or yesterday is named, or a reason for none."""
    if backtest_id is None:
        if without is None:
            raise BacktestNotNamed(
                "Name a back-test of the version, or say why there is none.", "/backtest_id"
            )
        return
    found = state.backtests.get(backtest_id)
    if found is None:
        raise BacktestNotNamed(f"The policy has no completed back-test {backtest_id}.", "/backtest_id")
    if found.version != version:
        raise BacktestDoesNotApply(f"It is one of version {found.version}.", "/backtest_id")
    if found.on + _BACKTEST_COUNTS < today:
        raise BacktestDoesNotApply(f"It was completed on {found.on}.", "/backtest_id")


def retire(state: OwnPolicy, cmd: RetirePolicy) -> list[PolicyRetired]:
    """Put no version in force; no event if it is retired. Raises :class:`PolicyNotInForce` before an activation."""
    if state.activation is None:
        if state.retired_on is not None:
            return []
        raise PolicyNotInForce("No version of it was activated.")
    return [PolicyRetired(policy_id=cmd.policy_id, cause=cmd.cause)]
