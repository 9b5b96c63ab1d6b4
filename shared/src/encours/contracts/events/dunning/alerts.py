"""Alerts by rules, and the digests that tell of them. Appended by dunning-svc.

Streams: the id of the rule, which is made of its code; of the alert, which is made of the rule, the object and the
threshold; of the digest.
"""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from encours.contracts.base import Event, Value
from encours.contracts.events.dunning.document import CurrencyMinimum

AlertKind = Literal[
    "near_due",
    "overdue",
    "older_than",
    "age_zone",
    "promise_broken",
    "reply_open",
    "run_missed",
    "target_missed",
]
"""``near_due``: an invoice comes due. ``older_than``: it has been due for more than ``days``. ``age_zone``: it has been
due for ``days`` to ``until_days``. ``reply_open``: nobody has handled a reply for ``days``. ``run_missed``: a day was
without its run. ``target_missed``: a collector's cash target of the month before."""

AlertChannel = Literal["email", "webhook"]


class AlertRecipient(Value, frozen=True, kw_only=True):
    """Recipient of the alerts of a rule. ``collector``: the owner of the customer, or the collector of the target."""

    kind: Literal["collector", "second_level", "address", "webhook"]
    target: str | None
    """E-mail address, or URL that the gateway calls; ``None`` for a collector."""


class AlertRuleSet(Event, frozen=True, kw_only=True):
    """A rule, all of it, in place of the one before."""

    TYPE: ClassVar[str] = "alert_rule.set"
    rule_id: str
    rule_code: str
    kind: AlertKind
    days: int | None
    until_days: int | None
    minimums: tuple[CurrencyMinimum, ...]
    """Amounts that an invoice or a promise must reach; 0 in other currencies."""
    recipients: tuple[AlertRecipient, ...]
    language: Literal["en", "fr"]
    active: bool


class AlertAddress(Value, frozen=True, kw_only=True):
    """Address to which an alert is told."""

    channel: AlertChannel
    to: str


class AlertRaised(Event, frozen=True, kw_only=True):
    """An object meets a rule for the first time at this threshold."""

    TYPE: ClassVar[str] = "alert.raised"
    alert_id: str
    rule_id: str
    rule_code: str
    kind: AlertKind
    subject: str
    """Invoice, promise, reply, day or collector that it is about."""
    threshold: str
    """Threshold of the rule with what the object was judged by; an object is alerted once at each."""
    day: date
    customer_id: str | None
    number: str | None
    """Number of the invoice."""
    on: date | None
    """Due date, promised day, day of arrival, or day of the run."""
    currency: str | None
    amount_minor: int
    evidence: tuple[int, ...]
    """Positions of the events that it rests on."""
    addresses: tuple[AlertAddress, ...]
    language: Literal["en", "fr"]


class AlertAcknowledged(Event, frozen=True, kw_only=True):
    """A person has taken note of the alert."""

    TYPE: ClassVar[str] = "alert.acknowledged"
    alert_id: str
    customer_id: str | None
    note: str | None


class AlertDigestRequested(Event, frozen=True, kw_only=True):
    """One message to a recipient with the alerts of a day, to be sent."""

    TYPE: ClassVar[str] = "alert_digest.requested"
    digest_id: str
    day: date
    address: AlertAddress
    language: Literal["en", "fr"]
    alert_ids: tuple[str, ...]


class AlertDigestSent(Event, frozen=True, kw_only=True):
    """The mail server, or the gateway, accepted it."""

    TYPE: ClassVar[str] = "alert_digest.sent"
    digest_id: str
    evidence: str


class AlertDigestFailed(Event, frozen=True, kw_only=True):
    """The mail server, or the gateway, refused it for good."""

    TYPE: ClassVar[str] = "alert_digest.failed"
    digest_id: str
    evidence: str


class AlertDigestUnconfirmed(Event, frozen=True, kw_only=True):
    """The process ended between handing over and hearing back: nothing is sent again."""

    TYPE: ClassVar[str] = "alert_digest.unconfirmed"
    digest_id: str
