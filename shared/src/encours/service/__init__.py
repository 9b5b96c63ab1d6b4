"""Process of a service: settings, logging, memory, metrics, worker."""
