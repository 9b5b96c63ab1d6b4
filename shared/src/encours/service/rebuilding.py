"""``python -m <service> rebuild [--ledger NAME] [--model NAME] [--check-only] [--json]``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence

import uvloop

from encours.kernel.errors import DomainError
from encours.ledger import Ledger, UnknownLedger
from encours.postgres.connection import FAILED
from encours.projection.projector import StopBefore
from encours.projection.read_model import Reactor, ReadModel
from encours.projection.rebuild import Rebuilt, rebuild
from encours.service.worker import WorkerSettings

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_DIFFERENT = 3
EXIT_UNREACHABLE = 4


def rebuild_main(
    settings: WorkerSettings,
    service: str,
    models: Sequence[ReadModel],
    argv: Sequence[str],
    reactors: Mapping[str, type[Reactor]] | None = None,
) -> int:
    """Rebuild the models named by the arguments, by default all, and return an exit code. 0: done, and equal to the
    live model if there was one; 1: failed; 2: no such model or ledger; 3: different content; 4: a database is
    unavailable.

    ``reactors``, by the name of their model, define where a first build ends; a rebuild calls none of them."""
    parser = argparse.ArgumentParser(
        prog=f"{service} rebuild", description="Build read models again from the ledger."
    )
    parser.add_argument("--ledger", help="only this ledger")
    names = [model.name for model in models]
    parser.add_argument("--model", help=f"only this read model: {', '.join(names)}")
    parser.add_argument("--check-only", action="store_true", help="compare, change nothing")
    parser.add_argument("--json", action="store_true", help="one JSON list on standard output")
    args = parser.parse_args(argv)
    chosen = [model for model in models if args.model in (None, model.name)]
    if not chosen:
        print(f"{service} has no read model {args.model!r}: it has {', '.join(names)}", file=sys.stderr)
        return EXIT_USAGE
    try:
        results, failures = uvloop.run(
            _run(settings, service, chosen, args.ledger, args.check_only, reactors or {})
        )
    except UnknownLedger as unknown:
        print(f"{unknown.detail} `encours ledger list` shows them.", file=sys.stderr)
        return EXIT_USAGE
    except (*FAILED, DomainError) as away:
        print(f"{service}: a database is away ({str(away) or type(away).__name__})", file=sys.stderr)
        return EXIT_UNREACHABLE
    if args.json:
        print(json.dumps([result.as_dict() for result in results], default=str))
    else:
        for result in results:
            print(_line(result))
    for failure in failures:
        print(failure, file=sys.stderr)
    if failures:
        return EXIT_FAILED
    return EXIT_DIFFERENT if any(result.equal is False for result in results) else 0


async def _run(
    settings: WorkerSettings,
    service: str,
    models: Sequence[ReadModel],
    only: str | None,
    check_only: bool,
    reactors: Mapping[str, type[Reactor]],
) -> tuple[list[Rebuilt], list[str]]:
    ledger_dsn, store_dsn = settings.ledger_url.get_secret_value(), settings.store_url.get_secret_value()
    ledger = await Ledger.open(ledger_dsn, readers=1)
    results: list[Rebuilt] = []
    failures: list[str] = []
    try:
        infos = [await ledger.info(only)] if only else await ledger.ledgers()
        for name in (info.name for info in infos):
            for model in models:
                reactor = reactors.get(model.name)
                try:
                    result = await rebuild(
                        ledger_dsn=ledger_dsn,
                        store_dsn=store_dsn,
                        service=service,
                        model=model,
                        ledger=name,
                        check_only=check_only,
                        stop_at=reactor.types if reactor else frozenset(),
                    )
                except StopBefore as stop:
                    failures.append(f"{service} {model.name} {name}: {stop}")
                else:
                    results.append(result)
    finally:
        await ledger.close()
    return results, failures


def _line(result: Rebuilt) -> str:
    verdict = {None: "built", True: "equal", False: "DIFFERENT"}[result.equal]
    lines = [f"{result.ledger} {result.model} at {result.position}: {verdict} {result.new_hash}"]
    if result.equal is False:
        lines[0] += f" (was {result.old_hash})"
    lines += [f"  {row['side']:8} {row['table']} {row['key']} {row['row']}" for row in result.differing_rows]
    return "\n".join(lines)
