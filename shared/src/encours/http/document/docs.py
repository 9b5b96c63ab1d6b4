"""Pages ``/docs`` and ``/openapi.json``, from this process alone: no content network, no build step."""

from __future__ import annotations

from pathlib import Path

import msgspec
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

_PAGE = Path(__file__).with_name("docs.html")
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'"
)


def install(app: FastAPI) -> None:
    """Add the page and the document that it reads."""
    page = _PAGE.read_text(encoding="utf-8")

    async def docs(_: Request) -> Response:
        return HTMLResponse(page, headers={"Content-Security-Policy": _POLICY, "Cache-Control": "no-cache"})

    async def openapi(_: Request) -> Response:
        return Response(msgspec.json.encode(app.openapi()), media_type="application/json")

    app.add_route("/openapi.json", openapi, include_in_schema=False)
    app.add_route("/docs", docs, include_in_schema=False)
