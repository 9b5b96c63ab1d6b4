"""Policies and experiments of a ledger in memory."""

from __future__ import annotations

from abc import ABC, abstractmethod
from uuid import UUID

from dunning_svc.domain.policy.shipped import DEFAULT_POLICY
from dunning_svc.read_models.cases.past import MemoryRows
from encours.contracts import Event, Recorded
from encours.contracts.events.dunning import policy
from encours.contracts.events.dunning.document import PolicyDocument
from encours.contracts.events.dunning.experiment import ExperimentStarted, ExperimentStopped
from encours.kernel.ids import derived_id
from encours.testing.events import event
from tests.histories.policies import document_named


class Governed(ABC):
    """Acts on the policies of a history."""

    events: list[Recorded]
    rows: MemoryRows
    versions: dict[str, int]

    @abstractmethod
    def add(
        self, data: Event, stream: str, *, causation: UUID | None = None, command: UUID | None = None
    ) -> Recorded:
        """Record an event."""

    def activate(self, code: str) -> None:
        """Put a policy that is shipped, or one of :mod:`tests.histories.policies`, in force, in a further version
        if the ledger has it.
        """
        self.activate_document(code, document_named(code))

    def activate_document(self, code: str, document: PolicyDocument) -> None:
        """Put a version with a document in force."""
        pol, version = derived_id("pol", code), self.versions.get(code, 0) + 1
        self.versions[code] = version
        if version == 1:
            self.add(policy.PolicyCreated(policy_id=pol, document=document, shipped_as=code), pol)
        else:
            added = policy.PolicyVersionAdded(policy_id=pol, version=version, document=document)
            self.add(added, pol)
        self.add(policy.PolicyActivated(policy_id=pol, version=version, backtest_id=None, cause="test"), pol)

    def experiment(self, champion: str, challenger: str) -> None:
        """Compare a policy in force with the last version of another one, or end what compares them."""
        pol = derived_id("pol", champion)
        version = DEFAULT_POLICY.version if champion == "default" else self.versions.get(champion)
        exp = derived_id("exp", champion, len(self.events))
        running = self.rows.policies().experiments
        if version is not None and (found := running.get((pol, version))) is not None:
            ended = ExperimentStopped(experiment_id=found.experiment_id, by="person", cause="test")
            self.add(ended, found.experiment_id)
        elif version is not None and challenger in self.versions:
            started = event(
                ExperimentStarted,
                experiment_id=exp,
                champion_id=pol,
                champion_version=version,
                challenger_id=derived_id("pol", challenger),
                challenger_version=self.versions[challenger],
                challenger_percent=50,
            )
            self.add(started, exp)

    def retire(self, code: str) -> None:
        """Put no version of the policy in force."""
        if code in self.versions:
            pol = derived_id("pol", code)
            self.add(policy.PolicyRetired(policy_id=pol, cause="test"), pol)
