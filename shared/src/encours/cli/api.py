"""HTTP for the command: one client, and answers that are not 2xx turned into words and an exit code."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, Self

import httpx

from encours.cli.common import CliError, Exit, Installation
from encours.kernel.ids import uuid7

_TIMEOUT = httpx.Timeout(30.0, connect=3.0)


class Api:
    """The four services of an installation, as the holder of its key."""

    def __init__(self, installation: Installation, ledger: str | None = None) -> None:
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
        """The JSON object that a GET answers."""
        headers = {"Encours-Ledger": ledger} if ledger else {}
        given = {name: value for name, value in query.items() if value is not None}
        return self._sent(service, lambda url: self._client.get(url + path, params=given, headers=headers))

    def post(self, service: str, path: str, body: object, *, key: str | None = None) -> dict[str, Any]:
        """The JSON object that a POST answers. `key` makes a repetition harmless; else this call is a new one."""
        headers = {"Idempotency-Key": key or str(uuid7())}
        return self._sent(service, lambda url: self._client.post(url + path, json=body, headers=headers))

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
        """POST a file as a stream; answers when the service has read it to its end."""
        headers = {"Idempotency-Key": key, "Content-Type": media_type}
        timeout = httpx.Timeout(600.0, connect=3.0)
        return self._sent(
            service,
            lambda url: self._client.post(
                url + path, content=content, params=query, headers=headers, timeout=timeout
            ),
        )

    def lines(self, service: str, path: str, **query: Any) -> Iterator[str]:
        """Lines of a streamed answer, until it ends."""
        url = self._installation.url(service)
        given = {name: value for name, value in query.items() if value is not None}
        try:
            with self._client.stream(
                "GET", url + path, params=given, timeout=httpx.Timeout(None, connect=3.0)
            ) as answer:
                if answer.status_code >= 400:
                    answer.read()
                    raise _refusal(service, answer)
                yield from answer.iter_lines()
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


def _away(service: str, url: str, error: httpx.TransportError) -> CliError:
    reason = str(error) or type(error).__name__
    return CliError(
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
    return CliError("\n".join(words), Exit.REFUSED)
