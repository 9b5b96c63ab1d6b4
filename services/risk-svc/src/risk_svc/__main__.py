"""``python -m risk_svc api|worker|rebuild``."""

from __future__ import annotations

import sys

from encours.web.settings import ServiceSettings

USAGE = "usage: python -m risk_svc api|worker|rebuild [options]"


def main(arguments: list[str]) -> int:
    """Run one of the three processes of this service; settings come from the environment."""
    match arguments:
        case ["api"]:
            return _api()
        case ["worker"]:
            from risk_svc.worker import run

            return run()
        case ["rebuild", *options]:
            return _rebuild(options)
        case _:
            print(USAGE, file=sys.stderr)
            return 2


def _api() -> int:
    from encours.web.server import serve
    from risk_svc.app import create_app

    settings = ServiceSettings.from_environment()
    serve(create_app(settings), settings)
    return 0


def _rebuild(options: list[str]) -> int:
    from encours.streaming import rebuild_main
    from risk_svc.models import MODELS, NAME

    return rebuild_main(ServiceSettings.from_environment(), NAME, MODELS, options)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
