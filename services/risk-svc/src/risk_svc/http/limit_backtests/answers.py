"""Answers about back-tests of limit policies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import msgspec
from pydantic import BaseModel, Field

from encours.contracts.events.reservation import CreditDecision
from encours.contracts.events.score import CreditGrade
from encours.http.long_work import LongWorkItem
from encours.http.models import MoneyModel
from encours.http.paging import Listing
from risk_svc.backtest.results import LimitBacktestResult
from risk_svc.backtest.store import LimitBacktest
from risk_svc.domain.backtest.effect import EffectPair, PolicyEffect
from risk_svc.domain.backtest.judge import OrderKind
from risk_svc.domain.backtest.losses import OutcomeKind

SHOWS = (
    "Which past orders a policy would have accepted, referred or refused by what was known then, and what became of "
    "them in reality. It cannot show that customers would have ordered less, elsewhere or against prepayment, that a "
    "refusal would have made them pay, nor how a person would have decided what is referred, which counts as accepted. "
    "Orders that were never recorded are absent."
)
NO_MARGIN = "The ledger keeps no costs, so the margin of blocked orders is not known."


class PolicyEffectOut(BaseModel):
    """Orders by verdict. Of those refused: losses avoided, good orders blocked, and what is not decided yet."""

    orders: int
    amount: MoneyModel
    accepted: int
    accepted_amount: MoneyModel
    referred: int
    referred_amount: MoneyModel
    refused: int
    refused_amount: MoneyModel
    losses_avoided: MoneyModel = Field(
        description="Losses of refused orders: `written_off` and `provisioned` less `vat`, `insured` and `guaranteed`."
    )
    written_off: MoneyModel
    provisioned: MoneyModel = Field(description="Provisions that stand, net of VAT.")
    vat: MoneyModel
    insured: MoneyModel
    guaranteed: MoneyModel
    losses_referred: MoneyModel
    losses_accepted: MoneyModel
    good_blocked: int = Field(description="Refused orders that were paid.")
    good_blocked_amount: MoneyModel
    good_blocked_margin: MoneyModel | None
    margin_missing: str = Field(description="Why the margin is null.", examples=[NO_MARGIN])
    undecided: int = Field(description="Refused orders that are open without a loss, or not billed.")
    undecided_amount: MoneyModel

    @classmethod
    def of(cls, found: PolicyEffect, currency: str) -> PolicyEffectOut:
        """Return an effect."""

        def money(minor: int) -> MoneyModel:
            return MoneyModel.of(minor, currency)

        return cls(
            orders=found.orders,
            amount=money(found.amount_minor),
            accepted=found.accepted,
            accepted_amount=money(found.accepted_minor),
            referred=found.referred,
            referred_amount=money(found.referred_minor),
            refused=found.refused,
            refused_amount=money(found.refused_minor),
            losses_avoided=money(found.losses_avoided_minor),
            written_off=money(found.written_off_minor),
            provisioned=money(found.provisioned_minor),
            vat=money(found.vat_minor),
            insured=money(found.insured_minor),
            guaranteed=money(found.guaranteed_minor),
            losses_referred=money(found.losses_referred_minor),
            losses_accepted=money(found.losses_accepted_minor),
            good_blocked=found.good_blocked,
            good_blocked_amount=money(found.good_blocked_minor),
            good_blocked_margin=None,
            margin_missing=NO_MARGIN,
            undecided=found.undecided,
            undecided_amount=money(found.undecided_minor),
        )


class EffectPairOut(BaseModel):
    """Effect of the policy, and of the present one, on the same orders in one currency."""

    currency: str
    month: str | None = Field(default=None, description="Month of the orders; null in the totals.")
    policy: PolicyEffectOut
    present: PolicyEffectOut

    @classmethod
    def of(cls, found: EffectPair) -> EffectPairOut:
        """Return both effects."""
        return cls(
            currency=found.currency,
            month=found.key or None,
            policy=PolicyEffectOut.of(found.policy, found.currency),
            present=PolicyEffectOut.of(found.present, found.currency),
        )


class BacktestWorkOut(BaseModel):
    """Work of the process."""

    events: int
    orders: int
    seconds: float
    peak_mib: float


class LimitBacktestResultOut(BaseModel):
    """Result of a back-test of a limit policy."""

    result_hash: str = Field(
        description="SHA-256 in hexadecimal digits: the same for the same policy, period, position, outcomes and rules."
    )
    rules_version: int = Field(description="Version of the rules of orders, as in decisions.")
    left_out: int = Field(description="Orders of customers that were recorded after them; not judged.")
    totals: list[EffectPairOut]
    months: list[EffectPairOut]
    measured: BacktestWorkOut

    @classmethod
    def of(cls, found: LimitBacktestResult) -> LimitBacktestResultOut:
        """Return a result."""
        return cls(
            result_hash=found.result_hash,
            rules_version=found.rules_version,
            left_out=found.left_out,
            totals=[EffectPairOut.of(each) for each in found.totals],
            months=[EffectPairOut.of(each) for each in found.months],
            measured=BacktestWorkOut(**msgspec.structs.asdict(found.measured)),
        )


class LimitBacktestItem(LongWorkItem):
    """A back-test of a limit policy, without its result."""

    name: str | None
    asked_on: date = Field(alias="outcome_on", description="Day of the outcomes: that of the request.")
    events: int = Field(description="Events of the ledger to pass; 0 before it is begun.")
    events_done: int

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> LimitBacktestItem:
        """Return a row of the list."""
        return cls.model_validate(cls.plain(LimitBacktest.of(row)))


class LimitBacktestOut(LimitBacktestItem):
    """A back-test of a limit policy."""

    shows: str = Field(description="What it shows, and what it cannot show.", examples=[SHOWS])
    policy: dict[str, Any] = Field(description="The policy that is tried, amounts in minor units.")
    result: LimitBacktestResultOut | None = Field(description="Null before it is completed.")

    @classmethod
    def shown(cls, found: LimitBacktest) -> LimitBacktestOut:
        """Return a back-test with its result."""
        result = None if found.result is None else LimitBacktestResultOut.of(found.result)
        more = {"shows": SHOWS, "policy": msgspec.to_builtins(found.policy), "result": result}
        return cls.model_validate(cls.plain(found) | more)


class LimitBacktestListing(Listing[LimitBacktestItem]):
    """Back-tests of limit policies, newest first."""


class PastOrderOut(BaseModel):
    """A past order: what the policy and the present one say, what really happened."""

    order_id: str
    kind: OrderKind
    customer_id: str
    entity_id: str
    day: date
    amount: MoneyModel
    accepted: bool = Field(
        description="Really accepted, at once or later; an invoice without an order always is."
    )
    decision: CreditDecision
    reasons: list[str]
    limit: MoneyModel | None
    grade: CreditGrade | None
    present: CreditDecision
    present_reasons: list[str]
    outcome: OutcomeKind
    days_late: int
    open: MoneyModel
    loss: MoneyModel = Field(description="Net of VAT, insured and guaranteed parts.")

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> PastOrderOut:
        """Return a row."""
        amounts = {"amount", "limit", "open", "loss"}
        fields = {name: row[name] for name in cls.model_fields if name not in amounts}
        limit = row["limit_minor"]
        return cls(
            **fields,
            amount=MoneyModel.of(row["amount_minor"], row["currency"]),
            limit=None if limit is None else MoneyModel.of(limit, row["limit_currency"]),
            open=MoneyModel.of(row["open_minor"], row["currency"]),
            loss=MoneyModel.of(row["loss_minor"], row["currency"]),
        )


class PastOrderListing(Listing[PastOrderOut]):
    """Past orders in the order of their ids."""


class CustomerEffectOut(BaseModel):
    """Effect of both policies on the orders of a customer."""

    customer_id: str
    currency: str
    policy: PolicyEffectOut
    present: PolicyEffectOut

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> CustomerEffectOut:
        """Return a row."""
        found = msgspec.json.decode(row["effect"], type=EffectPair)
        return cls(
            customer_id=row["customer_id"],
            currency=row["currency"],
            policy=PolicyEffectOut.of(found.policy, found.currency),
            present=PolicyEffectOut.of(found.present, found.currency),
        )


class CustomerEffectListing(Listing[CustomerEffectOut]):
    """Customers with an order in the period."""


class DifferingEffectOut(BaseModel):
    """A customer on whom two back-tests differ."""

    customer_id: str
    currency: str
    refused_a: int
    refused_b: int
    losses_avoided_a: MoneyModel
    losses_avoided_b: MoneyModel
    good_blocked_a: MoneyModel
    good_blocked_b: MoneyModel

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> DifferingEffectOut:
        """Return a row."""
        counts = ("customer_id", "currency", "refused_a", "refused_b")
        amounts = ("losses_avoided_a", "losses_avoided_b", "good_blocked_a", "good_blocked_b")
        return cls(
            **{name: row[name] for name in counts},
            **{name: MoneyModel.of(row[name], row["currency"]) for name in amounts},
        )


class ComparedPoliciesOut(Listing[DifferingEffectOut]):
    """Two back-tests side by side, with a page of the customers on whom they differ."""

    a: LimitBacktestOut
    b: LimitBacktestOut
    same_orders: bool = Field(
        description="False if period, position or day of outcomes differ, so that totals do not compare."
    )

    @classmethod
    def compared(cls, found: Sequence[LimitBacktest]) -> dict[str, Any]:
        """Return the two of them."""
        a, b = found
        spans = [(each.first_on, each.last_on, each.position, each.asked_on) for each in (a, b)]
        return {
            "a": LimitBacktestOut.shown(a).model_dump(mode="json", by_alias=True),
            "b": LimitBacktestOut.shown(b).model_dump(mode="json", by_alias=True),
            "same_orders": spans[0] == spans[1],
        }
