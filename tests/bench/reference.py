"""What appends are compared with: `pgbench`, 32 clients, one durable single-row insert per transaction.

A quiet machine's `fdatasync` takes 0.03 ms, a busy one's 4 ms, so a figure without its reference of the same
minute says little. The steadier mode adds 1 ms to each `fdatasync`, as a usual cloud disk does, with ten lines of
C preloaded into the server.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import asyncpg

from encours.embedded import postgres as embedded_postgres
from encours.embedded.postgres import Postgres
from encours.embedded.process import await_ready, free_port, spawn, stop
from encours.embedded.secrets import Secrets, load_secrets
from encours.ledger.migrate import migrate
from encours.testing.servers import private_layout

NAME = "pgbench, 32 clients, one durable insert each"
CLIENTS = 32
_SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>
static int later(const char *name, int fd) {
  int (*real)(int) = dlsym(RTLD_NEXT, name);
  int result = real(fd);
  char *us = getenv("SYNC_DELAY_US");
  usleep(us ? atoi(us) : 0);
  return result;
}
int fdatasync(int fd) { return later("fdatasync", fd); }
int fsync(int fd) { return later("fsync", fd); }
"""
_TABLE = """create table reference (id bigserial primary key, stream text not null, version int not null,
  type text not null, data jsonb not null, unique (stream, version))"""


@dataclass(frozen=True, slots=True)
class Server:
    """A migrated server of the bench's own."""

    postgres: Postgres
    secrets: Secrets
    delay_us: int


def compiler() -> str | None:
    """A C compiler, if this machine has one."""
    return shutil.which("cc") or shutil.which("gcc")


@contextmanager
def server(delay_us: int) -> Iterator[Server]:
    """PostgreSQL with embedded settings, all durability on, each sync ``delay_us`` slower."""
    with private_layout() as layout:
        secrets = load_secrets(layout)
        postgres = embedded_postgres.prepare(layout, password=secrets.postgres, port=free_port())
        program = postgres.program()
        if delay_us:
            shim = _build(layout.root)
            program = replace(
                program, env={**program.env, "LD_PRELOAD": str(shim), "SYNC_DELAY_US": str(delay_us)}
            )
        process = spawn(program)
        try:
            if not await_ready(process, lambda: postgres.is_ready(process.pid)):
                raise RuntimeError(f"PostgreSQL did not start; its log is {program.log}")
            asyncio.run(_prepare(postgres, secrets))
            yield Server(postgres, secrets, delay_us)
        finally:
            process.send_signal(signal.SIGINT)
            stop(process, program)


def _build(folder: Path) -> Path:
    source, shim = folder / "slowsync.c", folder / "slowsync.so"
    source.write_text(_SHIM)
    subprocess.run(
        [str(compiler()), "-shared", "-fPIC", "-O2", "-o", str(shim), str(source), "-ldl"], check=True
    )
    shim.chmod(0o755)
    return shim


async def _prepare(postgres: Postgres, secrets: Secrets) -> None:
    await migrate(postgres.dsn(), secrets.roles)
    connection = await asyncpg.connect(postgres.dsn())
    await connection.execute(_TABLE)
    await connection.close()


def pgbench(server: Server, payload: bytes, seconds: float) -> float:
    """Transactions per second of the reference, now."""
    script = server.postgres.log.parent / "reference.sql"
    text = re.sub(":(?=[a-z])", ": ", payload.decode())  # or pgbench would look for a variable named null
    script.write_text(
        "\\set a random(1, 2000000000)\n\\set b random(1, 2000000000)\n"
        "insert into reference (stream, version, type, data) values "
        f"('inv-' || :a || '-' || :b || '-' || :client_id, 1, 'invoice.issued', '{text}');\n"
    )
    for _ in range(4):
        if (rate := _pgbench(server, script, seconds)) is not None:
            return rate
        seconds *= 2  # so busy a machine that not one client was through connecting
    raise RuntimeError("pgbench processed nothing: this machine is too busy to measure on")


def _pgbench(server: Server, script: Path, seconds: float) -> float | None:
    arguments = [
        "-n",
        "-M",
        "prepared",
        "-c",
        str(CLIENTS),
        "-j",
        "2",
        "-T",
        str(round(seconds)),
        "-f",
        str(script),
    ]
    done = subprocess.run(
        [str(server.postgres.binaries / "pgbench"), *arguments, server.postgres.dsn()],
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    rates = [float(line.split()[2]) for line in done.stdout.splitlines() if line.startswith("tps")]
    return rates[0] if rates else None
