"""``python -m invoice_svc api|worker|rebuild``."""

from __future__ import annotations

import sys

USAGE = "usage: python -m invoice_svc api|worker|rebuild [options]"


def main(arguments: list[str]) -> None:
    """Run one of the three processes of this service; settings come from the environment."""
    match arguments:
        case ["api"]:
            _api()
        case ["worker"]:
            _worker()
        case ["rebuild", *rest]:
            _rebuild(rest)
        case _:
            raise SystemExit(USAGE)


def _api() -> None:
    from encours.web.server import serve
    from encours.web.settings import ServiceSettings
    from invoice_svc.app import create

    settings = ServiceSettings.from_environment()
    serve(create(settings), settings)


def _worker() -> None:
    import asyncio

    from encours.web.settings import ServiceSettings
    from invoice_svc.worker import run

    asyncio.run(run(ServiceSettings.from_environment()))


def _rebuild(options: list[str]) -> None:
    from encours.streaming.rebuild_main import rebuild_main
    from encours.web.settings import ServiceSettings
    from invoice_svc.models import MODELS
    from invoice_svc.worker import SERVICE

    raise SystemExit(rebuild_main(ServiceSettings.from_environment(), SERVICE, MODELS, options))


if __name__ == "__main__":
    main(sys.argv[1:])
