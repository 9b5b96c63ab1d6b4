"""Dunning policies: documents in versions, at most one of them in force. Appended by dunning-svc.

Stream: the policy id. A policy belongs to the whole ledger; its document says which creditors it is for.
"""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from encours.contracts.base import Event, Value
from encours.contracts.events.dunning.document import PolicyDocument
from encours.contracts.events.dunning.reminders import Channel


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


class BacktestTotal(Value, frozen=True, kw_only=True):
    """Messages or tasks of one channel in a back-test, and their cost in cents (EUR)."""

    channel: Channel
    count: int
    cost_minor: int


class PolicyBacktested(Event, frozen=True, kw_only=True):
    """A back-test of a version is completed: what would have left in a period, by the events up to a position.

    The same version, period, position and costs give the same ``result_hash``, whoever repeats it.
    """

    TYPE: ClassVar[str] = "policy.backtested"
    policy_id: str
    version: int
    backtest_id: str
    first_on: date
    last_on: date
    position: int
    result_hash: str
    """SHA-256 in hexadecimal digits."""
    messages: int
    tasks: int
    suppressed: int
    customers: int
    """Customers that a message or a task would have been about."""
    contradictions: int
    """Places where the past would have been another one, or was known later than it counted."""
    channels: tuple[BacktestTotal, ...]


class PolicyActivated(Event, frozen=True, kw_only=True, omit_defaults=True):
    """The version is in force from the next run on, in place of the one before it."""

    TYPE: ClassVar[str] = "policy.activated"
    policy_id: str
    version: int
    backtest_id: str | None
    """Back-test of this version that the activation rests on."""
    cause: str | None
    """Reason for an activation, as the person states it."""
    without_backtest: str | None = None
    """Reason why the activation names no back-test; ``None`` before such reasons were asked for."""


class PolicyRetired(Event, frozen=True, kw_only=True):
    """No version is in force from the next run on. The policy may be activated again."""

    TYPE: ClassVar[str] = "policy.retired"
    policy_id: str
    cause: str
