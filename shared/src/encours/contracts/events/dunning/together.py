"""Cases of several customers that are decided together: those of one payer, or of one group."""

from __future__ import annotations

from datetime import date

from encours.contracts.base import Value


class DunnedDebtor(Value, frozen=True, kw_only=True):
    """A customer whose case is decided together with others, of one payer or one group."""

    customer_id: str
    name: str
    since: date
    """Day from which on the policy is applied to the customer's case."""
    credit_minor: int
    """Unapplied cash of this customer, deducted from its own items."""
    amount_minor: int
    """Amount of its items less the credit."""


class PolicyApart(Value, frozen=True, kw_only=True):
    """Case of the same payer or group that is decided apart, as another policy is applied to it."""

    customer_id: str
    name: str
    policy_id: str
    policy_version: int
    policy_name: str
