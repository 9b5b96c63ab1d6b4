"""Result of a back-test of a limit policy: effects of both policies, and a hash of every order."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date

import msgspec

from risk_svc.domain.assessment import RULES_VERSION
from risk_svc.domain.backtest.effect import EffectPair, EffectSums, OrderLine
from risk_svc.domain.backtest.policy import LimitPolicy

_SUM = 2**256
_canonical = msgspec.json.Encoder(order="sorted")


class BacktestWork(msgspec.Struct, frozen=True, kw_only=True):
    """Work of the process that made the back-test; not part of the hash."""

    events: int
    orders: int
    seconds: float
    peak_mib: float


class LimitBacktestResult(msgspec.Struct, frozen=True, kw_only=True):
    """Result as it is stored; ``left_out`` counts orders of customers that were not known before them."""

    result_hash: str
    rules_version: int = 1
    """Version of the rules of orders that both policies were applied by."""
    left_out: int
    totals: tuple[EffectPair, ...]
    months: tuple[EffectPair, ...]
    measured: BacktestWork


class OrderSumming:
    """Sums orders in any order of customers, with a hash that does not depend on it.

    The hash is the SHA-256 of the policy, the period, the position, the day of the outcomes, the version of the rules
    and the sum of the SHA-256 of each order, in canonical JSON. It is the same on any machine and at any repetition.
    """

    def __init__(
        self, policy: LimitPolicy, first_on: date, last_on: date, position: int, outcome_on: date
    ) -> None:
        self._head = {
            "policy": policy,
            "from": first_on,
            "to": last_on,
            "position": position,
            "outcome_on": outcome_on,
            "rules_version": RULES_VERSION,
        }
        self._sum = 0
        self._effects = EffectSums()

    def add(self, lines: Iterable[OrderLine]) -> list[EffectPair]:
        """Add all orders of some customers; return their effects by customer."""
        known = list(lines)
        for line in known:
            digest = hashlib.sha256(_canonical.encode(line)).digest()
            self._sum = (self._sum + int.from_bytes(digest, "big")) % _SUM
        return self._effects.add(known)

    def result(self, left_out: int, measured: BacktestWork) -> LimitBacktestResult:
        """Return the result of all that was added."""
        head = {**self._head, "left_out": left_out, "orders": f"{self._sum:064x}"}
        return LimitBacktestResult(
            result_hash=hashlib.sha256(_canonical.encode(head)).hexdigest(),
            rules_version=RULES_VERSION,
            left_out=left_out,
            totals=self._effects.sums("totals"),
            months=self._effects.sums("months"),
            measured=measured,
        )
