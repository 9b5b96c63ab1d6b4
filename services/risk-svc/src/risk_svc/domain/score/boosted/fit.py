"""Fit of the boosted model to the own history, as it was known on the day of the fit.

The plain model is fitted first: the trees read its level. They are grown from the invoices that have fallen due, by the
signals that were known at their issue; an open late invoice is known to be late. The calibration is a chronological
split: trees of the first three quarters of the invoices, as they were known then, forecast the last one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from statistics import mean, median
from typing import TYPE_CHECKING, NamedTuple

from encours.kernel.errors import Refusal
from risk_svc.domain.score.baselines import delay, held_out
from risk_svc.domain.score.boosted.model import BoostedModel, OddsLine
from risk_svc.domain.score.boosted.signals import DEFINITION, SIGNALS, signals
from risk_svc.domain.score.boosted.trees import LEAF, TreeSum
from risk_svc.domain.score.fit import CALIBRATION_SHARE, Fitted, HistoryTooShort, fit, fitted_before
from risk_svc.domain.score.history import PayerHistory, level
from risk_svc.domain.score.measures import quality, reliability
from risk_svc.domain.score.model import OPEN_SEGMENT, LevelModel

if TYPE_CHECKING:
    from sklearn.ensemble import HistGradientBoostingClassifier

MOST_TO_GROW = 100_000
"""Invoices from which trees are grown, of customers taken at equal steps from all."""
TREES, LEAVES, LEAST_IN_LEAF = 60, 5, 25
LEARNING_RATE, L2 = 0.07, 5.0
LEAST_IN_SEGMENT = 20
_SEED = 0
_STEPS = 30
_SLOPES = 0.5, 2.0
"""Bounds of the slope of the calibration, so that few invoices neither flatten nor sharpen it beyond reason."""


class BoostingNotInstalled(Refusal):
    """A boosted model is fitted by scikit-learn, which this installation lacks (409)."""

    code = "boosting-not-installed"
    title = "Library to fit boosted models is not installed"
    remedy = "Install the extra `models` of encours-risk-svc where its API runs, or fit the plain model."

    def __init__(self) -> None:
        super().__init__(
            "scikit-learn is missing here. It is needed to fit a boosted model, not to use a fitted one."
        )


class GrownFrom(NamedTuple):
    """An invoice that has fallen due: its signals at issue, the probability by the level, and the outcome."""

    values: tuple[float, ...]
    by_level: float
    late: bool
    segment: str


def require_boosting() -> None:
    """Raise :class:`BoostingNotInstalled` if the library of the fit is missing."""
    try:
        import sklearn  # noqa: F401
    except ImportError as missing:
        raise BoostingNotInstalled from missing


def fit_boosted(payers: Sequence[PayerHistory], on: int, version: str) -> Fitted[BoostedModel]:
    """Return the model fitted to what was known on a day.

    Raises :class:`BoostingNotInstalled` and :class:`HistoryTooShort`. The same history gives the same model.
    """
    require_boosting()
    plain = fit(payers, on, version)
    since, few = plain.calibration.since, _spread(payers)
    earlier = _boosted(few, since, plain.earlier)
    wait_days = plain.earlier.weights.wait_days
    judged = [
        earlier.forecast(payer.history, each.issued, payer.segment).judged(delay(each, on, wait_days))
        for payer, each in held_out(payers, since, on)
    ]
    report = replace(plain.calibration, quality=quality(judged), bins=reliability(judged))
    return Fitted(_boosted(few, on, plain.model), earlier, report)


def _spread(payers: Sequence[PayerHistory]) -> Sequence[PayerHistory]:
    """Return the customers at equal steps that have about ``MOST_TO_GROW`` invoices."""
    count = sum(len(payer.history) for payer in payers)
    return payers[:: max(1, math.ceil(count / MOST_TO_GROW))]


def _boosted(payers: Sequence[PayerHistory], on: int, plain: LevelModel) -> BoostedModel:
    """Return the model of what was known on a day, its calibration from the last quarter before it."""
    issues = sorted(each.issued for _, each in held_out(payers, 0, on))
    if not issues:
        raise HistoryTooShort
    since = issues[int(len(issues) * (1 - CALIBRATION_SHARE))]
    before, _ = _uncalibrated(payers, since, fitted_before(payers, since, plain.weights, ""))
    judged = [
        (before.log_odds(each.by_level, each.values), each.late) for each in _rows(payers, since, on, before)
    ]
    model, rows = _uncalibrated(payers, on, plain)
    return replace(model, calibration=calibrated(judged), usual=_usual(rows))


def _uncalibrated(
    payers: Sequence[PayerHistory], on: int, plain: LevelModel
) -> tuple[BoostedModel, Sequence[GrownFrom]]:
    """Return the model of what was known on a day with the identity for its calibration, and what it was grown from."""
    known = [each.open_on(on) or each.delay_days > 0 for _, each in held_out(payers, 0, on)]
    if not any(known) or all(known):
        raise HistoryTooShort
    model = BoostedModel(
        "boosted", DEFINITION, plain.version, plain, mean(known), TreeSum(0.0, ()), OddsLine(0.0, 1.0), {}
    )
    rows = list(_rows(payers, 0, on, model))
    return replace(model, trees=grown([each.values for each in rows], [each.late for each in rows])), rows


def _rows(payers: Sequence[PayerHistory], since: int, on: int, model: BoostedModel) -> Iterator[GrownFrom]:
    """Yield the invoices issued from a day on that fell due before ``on``."""
    plain = model.plain
    for payer, each in held_out(payers, since, on):
        days = plain.segment_days(payer.segment)
        seen = level(payer.history, each.issued, days, plain.weights)
        values = signals(payer.history, each.issued, days, seen, plain.weights, model.late_share)
        late = each.open_on(on) or each.delay_days > 0
        yield GrownFrom(values, plain.of(seen).probability_late, late, payer.segment)


def grown(values: Sequence[Sequence[float]], late: Sequence[bool]) -> TreeSum:
    """Return the trees of the log odds of late payment. One thread: the process has other requests to answer."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        return plain_trees(classifier().fit(values, late))


def classifier() -> HistGradientBoostingClassifier:
    """Return the classifier before its fit."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(
        max_iter=TREES,
        max_leaf_nodes=LEAVES,
        min_samples_leaf=LEAST_IN_LEAF,
        learning_rate=LEARNING_RATE,
        l2_regularization=L2,
        monotonic_cst=[int(each.rising) for each in SIGNALS],
        early_stopping=False,
        random_state=_SEED,
    )


def plain_trees(fitted: HistGradientBoostingClassifier) -> TreeSum:
    """Return the trees of a fitted classifier as data; the library has no public way to read them."""
    trees = []
    for (predictor,) in fitted._predictors:
        trees.append(
            tuple(
                (LEAF, float(node["value"]), 0, 0)
                if node["is_leaf"]
                else (
                    int(node["feature_idx"]),
                    float(node["num_threshold"]),
                    int(node["left"]),
                    int(node["right"]),
                )
                for node in predictor.nodes
            )
        )
    return TreeSum(float(fitted._baseline_prediction.item()), tuple(trees))


def calibrated(judged: Sequence[tuple[float, bool]]) -> OddsLine:
    """Return the line of most likelihood, with one invoice of doubt about either parameter.

    Newton's method on one parameter after the other, so that a slope at its bound does not shift the other.
    """
    at_zero, slope = 0.0, 1.0
    for _ in range(_STEPS):
        down, across, both = 1.0, 1.0, 0.0
        pull, turn = -at_zero, 1 - slope
        line = OddsLine(at_zero, slope)
        for odds, late in judged:
            found = line.probability(odds)
            weight = found * (1 - found)
            pull += late - found
            turn += (late - found) * odds
            down += weight
            across += weight * odds * odds
            both += weight * odds
        step = pull / down
        at_zero += step
        slope = min(_SLOPES[1], max(_SLOPES[0], slope + (turn - both * step) / across))
    return OddsLine(at_zero, slope)


def _usual(rows: Sequence[GrownFrom]) -> dict[str, tuple[float, ...]]:
    by_segment: dict[str, list[tuple[float, ...]]] = {OPEN_SEGMENT: [each.values for each in rows]}
    for each in rows:
        if each.segment != OPEN_SEGMENT:
            by_segment.setdefault(each.segment, []).append(each.values)
    return {
        segment: tuple(map(median, zip(*found, strict=True)))
        for segment, found in by_segment.items()
        if len(found) >= LEAST_IN_SEGMENT or segment == OPEN_SEGMENT
    }
