"""Rules of a policy's versions, its activation and its retirement."""

from __future__ import annotations

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


class BacktestNotFound(Refusal):
    """No back-test of the version is known (422)."""

    code = "backtest-not-found"
    title = "Back-test is not known"
    status = 422
    remedy = "Leave `backtest_id` out and give a `reason`."


class ActivationWithoutGrounds(Refusal):
    """The activation names neither a back-test nor a reason (422)."""

    code = "activation-needs-reason"
    title = "Activation needs a reason"
    status = 422
    remedy = "Give a `reason` for activating the version without a back-test."


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


def activate(state: OwnPolicy, cmd: ActivatePolicy) -> list[PolicyActivated]:
    """Put a version in force; no event if it is. Raises the refusals of this module."""
    if not 1 <= cmd.version <= len(state.versions):
        raise PolicyVersionNotFound(f"It has the versions 1 to {len(state.versions)}.", "/version")
    if cmd.backtest_id is not None:
        raise BacktestNotFound(f"No back-test {cmd.backtest_id} is known.", "/backtest_id")
    if cmd.cause is None:
        raise ActivationWithoutGrounds("Give the reason for the activation.", "/reason")
    if state.activation is not None and state.activation.version == cmd.version:
        return []
    return [
        PolicyActivated(
            policy_id=cmd.policy_id,
            version=cmd.version,
            backtest_id=None,
            cause=cmd.cause,
        )
    ]


def retire(state: OwnPolicy, cmd: RetirePolicy) -> list[PolicyRetired]:
    """Put no version in force; no event if it is retired. Raises :class:`PolicyNotInForce` before an activation."""
    if state.activation is None:
        if state.retired_on is not None:
            return []
        raise PolicyNotInForce("No version of it was activated.")
    return [PolicyRetired(policy_id=cmd.policy_id, cause=cmd.cause)]
