"""``python -m invoice_svc api|worker|rebuild``."""

import sys

from encours.service.process import Service
from invoice_svc.models import MODELS, NAME
from invoice_svc.read_models.lists import NAME as LISTS
from invoice_svc.use_cases.days import InvoicingReactions

SERVICE = Service(
    name=NAME,
    models=MODELS,
    api="invoice_svc.app:serve",
    worker_tasks="invoice_svc.worker:imports_and_clocks",
    reactors={LISTS: InvoicingReactions},
)

if __name__ == "__main__":
    raise SystemExit(SERVICE.main(sys.argv[1:]))
