"""``python -m reporting_svc api|worker|rebuild``."""

from __future__ import annotations

import sys

USAGE = "usage: python -m reporting_svc api|worker|rebuild"


def main(arguments: list[str]) -> int:
    """Run one of the three processes of this service; settings come from the environment."""
    match arguments:
        case ["api"]:
            return _api()
        case ["worker"]:
            from reporting_svc.worker import run

            return run()
        case ["rebuild", *rest]:
            return _rebuild(rest)
        case _:
            print(USAGE, file=sys.stderr)
            return 2


def _api() -> int:
    from encours.web.server import serve
    from encours.web.settings import ServiceSettings
    from reporting_svc.app import create

    settings = ServiceSettings.from_environment()
    serve(create(settings), settings)
    return 0


def _rebuild(arguments: list[str]) -> int:
    from encours.streaming import rebuild_main
    from encours.web.settings import ServiceSettings
    from reporting_svc.models import MODELS, NAME

    return rebuild_main(ServiceSettings.from_environment(), NAME, MODELS, arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
