"""``python -m reporting_svc api|worker|rebuild``."""

import sys

from encours.web.process import Service
from reporting_svc.models import MODELS, NAME

SERVICE = Service(name=NAME, models=MODELS, app="reporting_svc.app:create_app")

if __name__ == "__main__":
    raise SystemExit(SERVICE.main(sys.argv[1:]))
