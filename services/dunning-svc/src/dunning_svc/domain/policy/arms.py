"""Assignment of customers to the arms of an experiment: by a hash, so that anyone can repeat it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from dunning_svc.domain.policy.policy import Policy
from encours.contracts.events.dunning.experiment import Arm
from encours.kernel.ids import derived_id

_HUNDREDTHS = 100


@dataclass(frozen=True, slots=True)
class AssignedArm:
    """Recorded assignment of a customer, and the position of its event."""

    experiment_id: str
    customer_id: str
    arm: Arm
    position: int


@dataclass(frozen=True, slots=True)
class RunningExperiment:
    """An experiment that runs: its arms, and the position of its start."""

    experiment_id: str
    champion: tuple[str, int]
    """Policy and version."""
    challenger: Policy
    challenger_percent: int
    position: int

    def arm_of(self, customer_ids: Iterable[str], assigned: Iterable[AssignedArm]) -> Arm:
        """Return the arm of a customer, whose records come first its own, then those merged into it.

        Of several assignments the first one counts, so that merged customers keep one arm.
        """
        ids = list(customer_ids)
        own = [each for each in assigned if each.experiment_id == self.experiment_id]
        if own:
            return min(own, key=lambda each: each.position).arm
        return arm_by_chance(self.experiment_id, ids[0], self.challenger_percent)


def arm_by_chance(experiment_id: str, customer_id: str, challenger_percent: int) -> Arm:
    """Return the arm: the first eight bytes of SHA-256 over both ids, as a fraction, compared with the share."""
    digest = hashlib.sha256(f"{experiment_id}:{customer_id}".encode()).digest()
    fraction = int.from_bytes(digest[:8], "big")
    return "challenger" if fraction * _HUNDREDTHS < challenger_percent << 64 else "champion"


def assignment_id(experiment_id: str, customer_id: str) -> str:
    """Return the stream of a customer's assignment."""
    return derived_id("exa", experiment_id, customer_id)
