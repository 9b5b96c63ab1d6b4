"""HTTP client of the command: answers other than 2xx become a message and an exit code."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from encours.cli.common import CliError, Exit, LocalInstallation, err
from encours.kernel.ids import uuid7

T = TypeVar("T")

_TIMEOUT = httpx.Timeout(30.0, connect=3.0)
_SILENCE_MAX_S = 30.0
"""Time-out of a stream, which sends a heartbeat every ten seconds."""
_WORK_MAX_S = 600.0
_OUTAGE_MAX_S = 60.0
_RETRY_S = 1.0
_NOT_NOW = (502, 503, 504)


class Unavailable(CliError):
    """The service did not answer or is unavailable: a retry may succeed."""


class Outage:
    """Retries while a service is unavailable, with one message; after a minute it fails with ``then``, the advice."""

    def __init__(self, then: str) -> None:
        self._then = then
        self._since: float | None = None

    def through(self, ask: Callable[[], T]) -> T:
        """Return the answer, with retries."""
        while True:
            try:
                answer = ask()
            except Unavailable as away:
                self.wait(away)
            else:
                self.over()
                return answer

    def wait(self, away: Unavailable) -> None:
        """Pause before the next attempt. Raises :class:`CliError` after a minute."""
        now = time.monotonic()
        if self._since is None:
            self._since = now
            err.print(f"{away}; trying again for {_OUTAGE_MAX_S:.0f} s", style="yellow", markup=False)
        if now - self._since >= _OUTAGE_MAX_S:
            raise CliError(f"{away}\n{self._then}", Exit.UNREACHABLE) from away
        time.sleep(_RETRY_S)

    def over(self) -> None:
        """Note that the service answers again."""
        self._since = None


class Api:
    """Clients of the four services of an installation, with its key."""

    def __init__(self, installation: LocalInstallation, ledger: str | None = None) -> None:
        self._installation = installation
        headers = {"Authorization": f"Bearer {installation.api_key}", "Accept": "application/json"}
        if ledger:
            headers["Encours-Ledger"] = ledger
        self._client = httpx.Client(headers=headers, timeout=_TIMEOUT)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def get(self, service: str, path: str, *, ledger: str | None = None, **query: Any) -> dict[str, Any]:
        """Return the JSON object that a GET answers."""
        headers = {"Encours-Ledger": ledger} if ledger else {}
        given = {name: value for name, value in query.items() if value is not None}
        return self._sent(service, lambda url: self._client.get(url + path, params=given, headers=headers))

    def post(self, service: str, path: str, body: object, *, key: str | None = None) -> dict[str, Any]:
        """Return the JSON object that a POST answers. `key` is its idempotency key, by default a new one."""
        headers = {"Idempotency-Key": key or str(uuid7())}
        return self._sent(service, lambda url: self._client.post(url + path, json=body, headers=headers))

    def work(self, service: str, path: str, body: object) -> dict[str, Any]:
        """Return the JSON object that a POST answers after work that may take minutes."""
        headers = {"Idempotency-Key": str(uuid7())}
        timeout = httpx.Timeout(_WORK_MAX_S, connect=3.0)
        return self._sent(
            service, lambda url: self._client.post(url + path, json=body, headers=headers, timeout=timeout)
        )

    def upload(
        self,
        service: str,
        path: str,
        content: Iterator[bytes],
        *,
        media_type: str,
        key: str,
        query: dict[str, str],
    ) -> dict[str, Any]:
        """POST a file as a stream; return the answer after the service has read it to its end."""
        headers = {"Idempotency-Key": key, "Content-Type": media_type}
        timeout = httpx.Timeout(_WORK_MAX_S, connect=3.0)
        return self._sent(
            service,
            lambda url: self._client.post(
                url + path, content=content, params=query, headers=headers, timeout=timeout
            ),
        )

    def lines(self, service: str, path: str, **query: Any) -> Iterator[str]:
        """Iterate over the lines of a streamed answer. Raises :class:`Unavailable` if it breaks off."""
        url = self._installation.url(service)
        given = {name: value for name, value in query.items() if value is not None}
        try:
            with self._client.stream(
                "GET", url + path, params=given, timeout=httpx.Timeout(_SILENCE_MAX_S, connect=3.0)
            ) as answer:
                if answer.status_code >= 400:
                    answer.read()
                    raise _refusal(service, answer)
                yield from answer.iter_lines()
        except httpx.TransportError as away:
            raise _away(service, url, away) from away

    def download(self, service: str, path: str, target: Path) -> None:
        """Write the file that a GET answers. Raises :class:`Unavailable` if it breaks off."""
        url = self._installation.url(service)
        try:
            with self._client.stream("GET", url + path) as answer, target.open("wb") as file:
                if answer.status_code >= 400:
                    answer.read()
                    raise _refusal(service, answer)
                for content in answer.iter_bytes():
                    file.write(content)
        except httpx.TransportError as away:
            raise _away(service, url, away) from away

    def _sent(self, service: str, send: Callable[[str], httpx.Response]) -> dict[str, Any]:
        url = self._installation.url(service)
        try:
            answer = send(url)
        except httpx.TransportError as away:
            raise _away(service, url, away) from away
        if answer.status_code >= 400:
            raise _refusal(service, answer)
        try:
            value = answer.json()
        except ValueError as garbled:
            raise CliError(
                f"{service}-svc at {url} answered something that is not JSON", Exit.UNREACHABLE
            ) from garbled
        return value if isinstance(value, dict) else {"data": value}


def _away(service: str, url: str, error: httpx.TransportError) -> Unavailable:
    reason = str(error) or type(error).__name__
    return Unavailable(
        f"{service}-svc does not answer at {url} ({reason}): `encours up` starts it", Exit.UNREACHABLE
    )


def _refusal(service: str, answer: httpx.Response) -> CliError:
    try:
        problem = answer.json()
    except ValueError:
        problem = {}
    if not isinstance(problem, dict):
        problem = {}
    words = [f"{service}-svc: {problem.get('title') or answer.reason_phrase} ({answer.status_code})"]
    if problem.get("detail"):
        words.append(str(problem["detail"]))
    words += [
        f"  {error.get('pointer', '')}: {error.get('detail', '')}" for error in problem.get("errors") or []
    ]
    if problem.get("request_id"):
        words.append(f"request {problem['request_id']}")
    kind = Unavailable if answer.status_code in _NOT_NOW else CliError
    return kind("\n".join(words), Exit.REFUSED)
