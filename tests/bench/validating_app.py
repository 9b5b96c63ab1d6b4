"""The reference of the HTTP bench: FastAPI and uvicorn, a POST that validates the body of an invoice and no more."""

from __future__ import annotations

import sys

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

from invoice_svc.http.invoices.bodies import DraftBody


class Seen(BaseModel):
    """That the body was valid."""

    lines: int


app = FastAPI()


@app.post("/v1/invoices", status_code=201)
async def validate(body: DraftBody) -> Seen:
    """Read and validate."""
    return Seen(lines=len(body.lines))


@app.get("/livez")
async def livez() -> dict[str, bool]:
    """Up."""
    return {"live": True}


if __name__ == "__main__":
    uvicorn.run(
        app, port=int(sys.argv[1]), loop="uvloop", http="httptools", log_level="warning", access_log=False
    )
