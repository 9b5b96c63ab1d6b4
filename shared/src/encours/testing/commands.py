"""The `encours` command in a fork of a process that has imported it: imports take longer than most commands."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from multiprocessing.context import ForkServerContext
from pathlib import Path
from tempfile import TemporaryDirectory

from encours.cli.main import COMMANDS, main
from encours.testing.waiting import HANG_S


@cache
def _forks() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    # pytest: a fork imports the main module of the process that asked for it.
    context.set_forkserver_preload(["pytest", *(f"encours.cli.{module}" for module, _ in COMMANDS.values())])
    return context


def run_command(arguments: Sequence[str], environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run `encours` to its end, as a process of its own that has only this environment."""
    with TemporaryDirectory(prefix="encours-command-") as folder:
        outputs = [Path(folder, name) for name in ("stdout", "stderr")]
        process = _forks().Process(target=_command, args=(arguments, dict(environment), outputs))
        process.start()
        process.join(HANG_S)
        if process.exitcode is None:
            process.kill()
            raise subprocess.TimeoutExpired(list(arguments), HANG_S)
        texts = [output.read_text(encoding="utf-8") for output in outputs]
        return subprocess.CompletedProcess(list(arguments), process.exitcode, *texts)


def _command(arguments: Sequence[str], environment: Mapping[str, str], outputs: Sequence[Path]) -> None:
    for descriptor, output in enumerate(outputs, 1):
        os.dup2(os.open(output, os.O_WRONLY | os.O_CREAT), descriptor)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["encours", *arguments]
    main()
