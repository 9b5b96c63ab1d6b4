"""A policy of the ledger: its versions, and the one in force."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from encours.contracts import Recorded
from encours.contracts.events.dunning.document import PolicyDocument
from encours.contracts.events.dunning.policy import (
    PolicyActivated,
    PolicyBacktested,
    PolicyCreated,
    PolicyRetired,
    PolicyVersionAdded,
)
from encours.kernel.errors import NotFound
from encours.ledger.states import Folder


class PolicyNotFound(NotFound):
    """The ledger has no policy of this id (404)."""

    code = "policy-not-found"
    title = "Policy not found"
    remedy = "Use an id from GET /v1/policies."


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """A version of a policy."""

    version: int
    document: PolicyDocument
    added_on: date


@dataclass(frozen=True, slots=True)
class Activation:
    """Start of a version: its day, position and grounds."""

    version: int
    on: date
    position: int
    backtest_id: str | None
    cause: str | None
    without_backtest: str | None = None


@dataclass(frozen=True, slots=True)
class PastBacktest:
    """A completed back-test of a version, and the day of its completion."""

    version: int
    on: date


@dataclass(frozen=True, slots=True)
class OwnPolicy:
    """A policy in the ledger. ``versions`` are in order; ``activation`` is None while no version is in force.

    ``backtests`` are by id.
    """

    policy_id: str = ""
    shipped_as: str | None = None
    versions: tuple[PolicyVersion, ...] = ()
    activation: Activation | None = None
    retired_on: date | None = None
    backtests: Mapping[str, PastBacktest] = field(default_factory=dict)

    @property
    def last(self) -> PolicyVersion:
        """The version that was added last."""
        return self.versions[-1]

    def in_force(self) -> PolicyDocument | None:
        """Return the document of the version in force."""
        return None if self.activation is None else self.versions[self.activation.version - 1].document


def evolve(state: OwnPolicy, e: Recorded) -> OwnPolicy:
    """Apply one event of the policy."""
    match e.data:
        case PolicyCreated() as created:
            first = PolicyVersion(1, created.document, e.effective_on)
            return OwnPolicy(created.policy_id, created.shipped_as, (first,))
        case PolicyVersionAdded() as added:
            version = PolicyVersion(added.version, added.document, e.effective_on)
            return replace(state, versions=(*state.versions, version))
        case PolicyActivated() as activated:
            start = Activation(
                activated.version,
                e.effective_on,
                e.position,
                activated.backtest_id,
                activated.cause,
                activated.without_backtest,
            )
            return replace(state, activation=start, retired_on=None)
        case PolicyBacktested() as done:
            found = PastBacktest(done.version, e.effective_on)
            return replace(state, backtests={**state.backtests, done.backtest_id: found})
        case PolicyRetired():
            return replace(state, activation=None, retired_on=e.effective_on)
        case _:
            return state


POLICY = Folder(OwnPolicy, evolve, PolicyNotFound)
