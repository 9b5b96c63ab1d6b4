"""The read models of this service, for the worker, the API and a rebuild alike."""

from reporting_svc.read_models.receivables import Receivables
from reporting_svc.read_models.timeline import Timeline

MODELS = (Receivables(), Timeline())
