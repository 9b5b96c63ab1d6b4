"""``python -m risk_svc api|worker|rebuild|limit-backtest``."""

import sys

from encours.service.process import Service
from risk_svc.models import CREDIT, MODELS, NAME
from risk_svc.use_cases.days import CreditDay

SERVICE = Service(
    name=NAME,
    models=MODELS,
    api="risk_svc.app:serve",
    worker_tasks="risk_svc.worker:credit_tasks",
    reactors={CREDIT: CreditDay},
    jobs={"limit-backtest": "risk_svc.backtest.job:PROCESS.main"},
)

if __name__ == "__main__":
    raise SystemExit(SERVICE.main(sys.argv[1:]))
