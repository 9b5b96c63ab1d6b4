"""``python -m reporting_svc api|worker|rebuild|export|forecast|tie-out``."""

import sys

from encours.service.process import Service
from reporting_svc.models import MODELS, NAME
from reporting_svc.webhooks.settings import ReportingSettings

SERVICE = Service(
    name=NAME,
    models=MODELS,
    api="reporting_svc.app:serve",
    worker_tasks="reporting_svc.worker:exports_and_webhooks",
    settings=ReportingSettings,
    jobs={
        "export": "reporting_svc.exports.job:PROCESS.main",
        "forecast": "reporting_svc.jobs.forecasts:PROCESS.main",
        "tie-out": "reporting_svc.jobs.tie_out:main",
    },
)

if __name__ == "__main__":
    raise SystemExit(SERVICE.main(sys.argv[1:]))
