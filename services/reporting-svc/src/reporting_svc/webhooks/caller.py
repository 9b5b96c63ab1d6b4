"""One call of a receiver: resolve, check, connect to the checked address, and read nothing but the status."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from ssl import SSLContext

import httpx

from reporting_svc.domain.webhook.address import (
    AllowedAddresses,
    Target,
    WebhookAddressRefused,
    check_resolved,
    target_of,
)

TIMEOUT_S = 10.0
"""Of a whole call, from the resolution of the name to the status."""
RESOLVE_S = 5.0
_MAX_DETAIL = 300

_MOST_LOOKUPS = 64
_REFUSES_EVENT = frozenset({400, 409, 413, 415, 422})
"""Statuses by which a receiver that works refuses one event."""

Resolve = Callable[[str, int], Awaitable[list[str]]]


class NameLookups:
    """Look-ups of host names, one at a time for each host.

    A look-up cannot be cancelled, so it runs in a thread of its own pool: names whose server does not answer block
    neither other receivers nor the process.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_MOST_LOOKUPS, "names")
        self._going: dict[tuple[str, int], asyncio.Future[list[str]]] = {}

    async def __call__(self, host: str, port: int) -> list[str]:
        """Return the addresses of a host; none if it has none."""
        name = host, port
        if name not in self._going:
            loop = asyncio.get_running_loop()
            self._going[name] = going = loop.run_in_executor(self._threads, _look_up, host, port)
            going.add_done_callback(lambda _: self._going.pop(name, None))
        # A call that gives up leaves the look-up to the others that wait for it.
        return await asyncio.shield(self._going[name])


def _look_up(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return [str(each[4][0]) for each in found]


@dataclass(frozen=True, slots=True)
class CallOutcome:
    """Outcome of a call. ``status`` is None without an answer."""

    status: int | None
    detail: str
    retry_after_s: int | None = None
    not_called: bool = False
    """True if the receiver was not called: the event may not be sent, or cannot be read."""

    @property
    def is_delivered(self) -> bool:
        """True if the receiver took the event. A body that breaks off afterwards changes nothing."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_failure(self) -> bool:
        """True if the receiver failed, rather than refused this event."""
        return not (self.is_delivered or self.not_called or self.status in _REFUSES_EVENT)

    @property
    def is_gone(self) -> bool:
        """True if the receiver wants no more events."""
        return self.status == 410


class ReceiverCaller:
    """Calls receivers. ``timeout_s`` bounds a whole call."""

    def __init__(
        self, allowed: AllowedAddresses, *, resolver: Resolve | None = None, timeout_s: float = TIMEOUT_S
    ) -> None:
        self._allowed = allowed
        self._resolve = resolver or NameLookups()
        self._timeout_s = timeout_s

    async def check(self, url: str) -> Target:
        """Return the target of an address that may be called at this moment. Raises :class:`WebhookAddressRefused`."""
        try:
            async with asyncio.timeout(RESOLVE_S):
                return (await self._checked(url))[0]
        except TimeoutError:
            raise WebhookAddressRefused(f"The host was not resolved within {RESOLVE_S:g} s.") from None

    async def _checked(self, url: str) -> tuple[Target, str]:
        target = target_of(url, self._allowed)
        return target, check_resolved(target, await self._resolve(target.host, target.port), self._allowed)

    async def post(self, url: str, content: bytes, headers: Mapping[str, str]) -> CallOutcome:
        """Send a delivery. Faults of receiver and network are answers without a status."""
        try:
            async with asyncio.timeout(self._timeout_s):
                target, address = await self._checked(url)
                return await self._post(target, address, content, headers)
        except WebhookAddressRefused as refused:
            return CallOutcome(None, refused.detail[:_MAX_DETAIL])
        except TimeoutError:
            return CallOutcome(None, f"no answer within {self._timeout_s:g} s")
        except (httpx.HTTPError, OSError, ValueError) as error:
            return CallOutcome(None, " ".join(f"{type(error).__name__}: {error}".split())[:_MAX_DETAIL])

    async def _post(
        self, target: Target, address: str, content: bytes, headers: Mapping[str, str]
    ) -> CallOutcome:
        """Connect to the checked address, with the host's name in the request and in its certificate."""
        url = httpx.URL(target.url)
        request = httpx.Request(
            "POST",
            url.copy_with(host=address),
            content=content,
            headers={**headers, "host": url.netloc.decode("ascii")},
            extensions={"sni_hostname": target.host, "timeout": httpx.Timeout(self._timeout_s).as_dict()},
        )
        # A connection for each call: kept ones are found by address, which two receivers may share.
        async with httpx.AsyncHTTPTransport(
            verify=self._tls if url.scheme == "https" else False
        ) as transport:
            response = await transport.handle_async_request(request)
            try:
                return _answer(response)
            finally:
                await response.aclose()

    @cached_property
    def _tls(self) -> SSLContext:
        """Certificates, read once: that takes longer than a call."""
        return httpx.create_ssl_context()


def _answer(response: httpx.Response) -> CallOutcome:
    status = response.status_code
    if response.is_redirect:
        return CallOutcome(status, f"{status}: redirects are not followed")
    asked = response.headers.get("retry-after", "")
    retry_after_s = int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 7 else None
    return CallOutcome(status, f"{status} {response.reason_phrase}"[:_MAX_DETAIL].strip(), retry_after_s)
