"""``python -m dunning_svc api|worker|rebuild|backtest``."""

import sys

from dunning_svc.models import MODELS, NAME
from dunning_svc.outbox.settings import DunningSettings
from dunning_svc.read_models.cases.model import MODEL
from dunning_svc.use_cases.runs import RunDay
from encours.service.process import Service

SERVICE = Service(
    name=NAME,
    settings=DunningSettings,
    models=MODELS,
    api="dunning_svc.app:serve",
    worker_tasks="dunning_svc.worker:days_and_outbox",
    reactors={MODEL: RunDay},
    jobs={"backtest": "dunning_svc.backtest.job:PROCESS.main"},
)

if __name__ == "__main__":
    raise SystemExit(SERVICE.main(sys.argv[1:]))
