"""Dunning policies: documents in versions, at most one of them in force. Appended by dunning-svc.

Stream: the policy id. A policy belongs to the whole ledger; its document says which creditors it is for.
"""

from __future__ import annotations

from typing import ClassVar

from encours.contracts.base import Event
from encours.contracts.events.dunning.document import PolicyDocument


class PolicyCreated(Event, frozen=True, kw_only=True):
    """A policy with its version 1."""

    TYPE: ClassVar[str] = "policy.created"
    policy_id: str
    document: PolicyDocument
    shipped_as: str | None
    """Code of the policy that Encours ships and that this one is; ``None`` for one of the creditor's own."""


class PolicyVersionAdded(Event, frozen=True, kw_only=True):
    """A further version, not in force before it is activated. Versions are numbered from 1 without gaps."""

    TYPE: ClassVar[str] = "policy.version_added"
    policy_id: str
    version: int
    document: PolicyDocument


class PolicyActivated(Event, frozen=True, kw_only=True):
    """The version is in force from the next run on, in place of the one before it."""

    TYPE: ClassVar[str] = "policy.activated"
    policy_id: str
    version: int
    backtest_id: str | None
    """Back-test of this version that the activation rests on."""
    cause: str | None
    """Reason for an activation, as the person states it; required without a back-test."""


class PolicyRetired(Event, frozen=True, kw_only=True):
    """No version is in force from the next run on. The policy may be activated again."""

    TYPE: ClassVar[str] = "policy.retired"
    policy_id: str
    cause: str
