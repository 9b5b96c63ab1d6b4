"""The read models of risk-svc, for its API, its worker and its rebuild."""

from risk_svc.read_models.credit import Credit

MODELS = (Credit(),)
