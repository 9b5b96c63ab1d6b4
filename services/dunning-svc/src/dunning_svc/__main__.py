"""``python -m dunning_svc api|worker|rebuild``."""

from __future__ import annotations

import sys

USAGE = "usage: python -m dunning_svc api|worker|rebuild [options]"


def main(arguments: list[str]) -> int:
    """Run one of the three processes of this service; settings come from the environment."""
    match arguments:
        case ["api"]:
            return _api()
        case ["worker"]:
            from dunning_svc.worker import run

            return run()
        case ["rebuild", *options]:
            return _rebuild(options)
        case _:
            print(USAGE, file=sys.stderr)
            return 2


def _api() -> int:
    from dunning_svc.app import create_app
    from dunning_svc.outbox.settings import DunningSettings
    from encours.web.server import serve

    settings = DunningSettings.from_environment()
    serve(create_app(settings), settings)
    return 0


def _rebuild(options: list[str]) -> int:
    from dunning_svc.outbox.settings import DunningSettings
    from dunning_svc.read_models.cases import Cases
    from encours.streaming import rebuild_main

    return rebuild_main(DunningSettings.from_environment(), "dunning-svc", (Cases(),), options)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
