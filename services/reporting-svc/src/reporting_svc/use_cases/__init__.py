"""Commands of reporting-svc."""
