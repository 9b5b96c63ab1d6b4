"""Commands on a policy."""

from __future__ import annotations

from dataclasses import dataclass

from encours.contracts.events.dunning.document import PolicyDocument


@dataclass(frozen=True, slots=True)
class WritePolicy:
    """A document: the first version of a new policy, or the next one of a policy that exists."""

    policy_id: str
    document: PolicyDocument

    @property
    def templates(self) -> set[str]:
        """Codes of the templates that the steps and the thank-you name."""
        thanks = self.document.thanks
        named = {step.template for step in self.document.steps if step.template}
        return named if thanks is None else named | {thanks.template}


@dataclass(frozen=True, slots=True)
class ActivatePolicy:
    """Put a version in force, in place of the one before it."""

    policy_id: str
    version: int
    backtest_id: str | None
    cause: str | None
    without_backtest: str | None = None
    """Reason for naming no back-test."""


@dataclass(frozen=True, slots=True)
class RetirePolicy:
    """Put no version in force."""

    policy_id: str
    cause: str
