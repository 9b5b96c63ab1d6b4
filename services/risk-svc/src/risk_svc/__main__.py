"""``python -m risk_svc api|worker|rebuild``."""

import sys

from encours.service.process import Service
from risk_svc.models import MODELS, NAME

SERVICE = Service(name=NAME, models=MODELS, api="risk_svc.app:serve")

if __name__ == "__main__":
    raise SystemExit(SERVICE.main(sys.argv[1:]))
