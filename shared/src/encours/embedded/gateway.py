"""A gateway that delivers into a folder: what would have been posted or sent can be read, counted and compared.

`encours up` starts it; alone: `python -m encours.embedded.gateway --port 8090 --folder var/gateway`, with the secret in
`ENCOURS_GATEWAY_SECRET`. It keeps the contract of docs/gateway.md: one `<reminder>.json` an order, and its document
beside it; the same order again is answered as the first time. With `--callback` and `--key-file` it tells dunning-svc
the states that are posted to `/<reminder>/states`. To try what goes wrong: the addressee's postal code, or the end of
the telephone number, `00001` is refused (422), `00002` is busy (503), `00003` is taken and never answered, `00004` is
neither taken nor answered.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import hashlib
import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from standardwebhooks import Webhook, WebhookVerificationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, Router

from encours.embedded.layout import write_private

REFUSED, BUSY, TAKEN_IN_SILENCE, LOST = "00001", "00002", "00003", "00004"


class LocalGateway:
    """Orders in a folder, and the states that are told about them."""

    def __init__(self, folder: Path, secret: str, callback: str = "", key_file: Path | None = None) -> None:
        self._folder = folder
        self._signer = Webhook(secret)
        self._callback = callback
        self._key_file = key_file
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def app(self) -> Router:
        """The HTTP application."""
        return Router(
            routes=[
                Route("/", self.take, methods=["POST"]),
                Route("/{id}", self.show, methods=["GET"]),
                Route("/{id}/states", self.tell, methods=["POST"]),
            ],
        )

    async def take(self, request: Request) -> Response:
        """Take an order, once for each id."""
        content = await request.body()
        if not self._is_signed(content, request.headers):
            return JSONResponse({"detail": "the signature is not valid"}, 401)
        data = json.loads(content)["data"]
        switch = _switch(data)
        if switch == REFUSED:
            return JSONResponse({"detail": "no such addressee"}, 422)
        if switch == BUSY:
            return JSONResponse({"detail": "busy"}, 503, headers={"Retry-After": "1"})
        if switch == LOST:
            await asyncio.Event().wait()
        order = self._keep(data, content)
        if switch == TAKEN_IN_SILENCE:
            await asyncio.Event().wait()
        return JSONResponse(order, 202)

    async def show(self, request: Request) -> Response:
        """Answer with an order that was taken."""
        if not self._is_signed(b"", request.headers):
            return JSONResponse({"detail": "the signature is not valid"}, 401)
        order = self._stored(request.path_params["id"])
        if order is None:
            return JSONResponse({"detail": "no such order"}, 404)
        return JSONResponse(_shown(order))

    async def tell(self, request: Request) -> Response:
        """Tell dunning-svc a state of an order, and answer with its answer."""
        order = self._stored(request.path_params["id"])
        if order is None or self._key_file is None:
            return JSONResponse({"detail": "no such order, or no callback is configured"}, 404)
        try:
            state = json.loads(await request.body())
        except ValueError:
            state = None
        if not isinstance(state, dict):
            return JSONResponse({"detail": "the body is no JSON object"}, 400)
        told = {"id": order["data"]["id"], **state}
        body = json.dumps({"type": "message.state", "data": told})
        event_id = f"evt_{hashlib.sha256(body.encode()).hexdigest()[:32]}"
        headers = self._signed(event_id, body) | {
            "content-type": "application/json",
            "authorization": f"Bearer {self._key_file.read_text().strip()}",
            "encours-ledger": order["data"]["ledger"],
        }
        async with httpx.AsyncClient(verify=self._callback.startswith("https")) as client:
            answer = await client.post(self._callback, content=body, headers=headers)
        return Response(answer.content, answer.status_code, media_type=answer.headers.get("content-type"))

    def _keep(self, data: dict[str, Any], content: bytes) -> dict[str, Any]:
        stored = self._stored(data["id"])
        if stored is None:
            if document := data.get("document"):
                path = self._folder / f"{data['id']}.pdf"
                path.write_bytes(base64.b64decode(document.pop("content")))
            stored = {"sha256": hashlib.sha256(content).hexdigest(), "data": data}
            write_private(self._path(data["id"]), json.dumps(stored, indent=2, ensure_ascii=False))
        return _shown(stored)

    def _stored(self, order_id: str) -> dict[str, Any] | None:
        with contextlib.suppress(FileNotFoundError):
            found: dict[str, Any] = json.loads(self._path(order_id).read_text("utf-8"))
            return found
        return None

    def _path(self, order_id: str) -> Path:
        return self._folder / f"{Path(order_id).name}.json"

    def _is_signed(self, content: bytes, headers: Mapping[str, str]) -> bool:
        try:
            self._signer.verify(content, dict(headers), json_parse=False)
        except (WebhookVerificationError, ValueError):
            return False
        return True

    def _signed(self, event_id: str, body: str) -> dict[str, str]:
        now = datetime.now(UTC)
        return {
            "webhook-id": event_id,
            "webhook-timestamp": f"{int(now.timestamp())}",
            "webhook-signature": self._signer.sign(event_id, now, body),
        }


def _shown(order: dict[str, Any]) -> dict[str, Any]:
    return {"id": f"local-{order['data']['id'][4:12]}", "sha256": order["sha256"], "state": "accepted"}


def _switch(data: dict[str, Any]) -> str:
    to = data["to"]
    words = " ".join(to.get("address", ())).split()
    phone = (to.get("phone") or "") if data["channel"] == "sms" else ""
    known = (REFUSED, BUSY, TAKEN_IN_SILENCE, LOST)
    return next((each for each in known if each in words or phone.endswith(each)), "")


def main() -> None:
    parser = argparse.ArgumentParser(description="A gateway that delivers into a folder.")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--callback", default="")
    parser.add_argument("--key-file", type=Path)
    given = parser.parse_args()
    os.umask(0o077)
    gateway = LocalGateway(given.folder, os.environ["ENCOURS_GATEWAY_SECRET"], given.callback, given.key_file)
    uvicorn.run(
        gateway.app, host=given.host, port=given.port, log_level="warning", timeout_graceful_shutdown=1
    )


if __name__ == "__main__":
    main()
