from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

Answer = Callable[["Request"], tuple[int, Any]]


@dataclass
class Request:
    """What the command asked for."""

    method: str
    path: str
    headers: dict[str, str]


@dataclass
class Services:
    """An HTTP server on a port of its own that stands for the four services; ``answer`` says what it replies."""

    answer: Answer
    port: int = 0
    asked: list[Request] = field(default_factory=list)

    @contextmanager
    def up(self) -> Iterator[None]:
        """While inside, it listens; the same port each time."""
        server = ThreadingHTTPServer(("127.0.0.1", self.port), self._handler())
        server.daemon_threads = True
        self.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        services = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                request = Request(self.command, self.path, {k.lower(): v for k, v in self.headers.items()})
                services.asked.append(request)
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, body = services.answer(request)
                content = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_POST = do_GET  # noqa: N815

            def log_message(self, format: str, *args: Any) -> None:
                return

        return Handler


@pytest.fixture
def services(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Services:
    """Known to the command by its environment; it answers inside of ``up``."""
    services = Services(lambda _: (404, {}))
    with services.up():
        pass  # it has a port of its own now
    monkeypatch.setenv("ENCOURS_VAR_DIR", str(tmp_path))
    monkeypatch.setenv("ENCOURS_API_KEY", "enc_abcdef_0")
    for service in ("INVOICE", "DUNNING", "RISK", "REPORTING"):
        monkeypatch.setenv(f"ENCOURS_URL_{service}", f"http://127.0.0.1:{services.port}")
    return services
