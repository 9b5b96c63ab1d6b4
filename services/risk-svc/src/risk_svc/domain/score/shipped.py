"""The payment model that Encours ships, in use until a version of the own history is activated.

It is no measurement but a set of plain assumptions: a customer without history settles five days after the due date on
average, with a spread of ten days; payment is a little earlier than the mean of the delays in the middle of all cases;
an invoice that is late stays so for 15 more days. Residuals are those of the normal distribution.
"""

from __future__ import annotations

from statistics import NormalDist

from risk_svc.domain.score.history import Weights
from risk_svc.domain.score.model import OPEN_SEGMENT, LevelLine, LevelModel

_STEPS = 200
_NORMAL = NormalDist()
SHIPPED = LevelModel(
    version="default-1",
    weights=Weights(prior_invoices=1.0, half_life_days=365.0, wait_days=15.0),
    segments={OPEN_SEGMENT: 5.0},
    location=LevelLine(at_zero=-5.0, slope=1.0),
    spread=LevelLine(at_zero=5.5, slope=0.25),
    newcomer_spread=1.5,
    residuals=tuple(_NORMAL.inv_cdf((step + 0.5) / _STEPS) for step in range(_STEPS)),
    interval=(_NORMAL.inv_cdf(0.1), _NORMAL.inv_cdf(0.9)),
)
