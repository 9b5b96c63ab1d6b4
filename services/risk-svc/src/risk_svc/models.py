"""What the API, the worker and the rebuild of risk-svc have in common."""

from risk_svc.read_models.credit import Credit

NAME = "risk-svc"
MODELS = (Credit(),)
