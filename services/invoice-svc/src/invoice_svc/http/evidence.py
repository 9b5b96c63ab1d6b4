"""Evidence in request bodies: small documents are kept, larger ones identified by their SHA-256."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Annotated

from pydantic import Field, StringConstraints

from encours.contracts.common import KeptEvidence
from encours.http.models import Body, ShortText
from encours.kernel.errors import Invalid

MAX_DOCUMENT_BYTES = 65_536
"""Bound of a document that the ledger keeps; a larger one is kept elsewhere and identified by its SHA-256."""
_MAX_BASE64 = (MAX_DOCUMENT_BYTES + 2) // 3 * 4

Sha256Text = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
MediaType = Annotated[
    str,
    StringConstraints(max_length=100, pattern=r"^[a-z]+/[a-z0-9][a-z0-9.+-]*$"),
    Field(examples=["application/pdf"]),
]


class EvidenceBody(Body):
    """A document as proof: itself (up to 64 KiB), or its SHA-256 if you keep it."""

    sha256: Sha256Text | None = Field(default=None, description="Of the document; computed if it is sent.")
    document: Annotated[str, StringConstraints(min_length=4, max_length=_MAX_BASE64)] | None = Field(
        default=None, description="The document in base64."
    )
    name: ShortText | None = Field(default=None, examples=["bon-de-livraison.pdf"])
    media_type: MediaType | None = None

    def to_evidence(self, pointer: str) -> KeptEvidence:
        """Return the evidence. Raises :class:`Invalid` for neither hash nor document, or if they do not agree."""
        digest = self.sha256
        if self.document is not None:
            digest = hashlib.sha256(_decoded(self.document, pointer)).hexdigest()
            if self.sha256 not in (None, digest):
                raise Invalid(f"The SHA-256 of the document is {digest}.", f"{pointer}/sha256")
        if digest is None:
            raise Invalid("Send the SHA-256 of the document, or the document.", f"{pointer}/sha256")
        return KeptEvidence(sha256=digest, name=self.name, media_type=self.media_type, document=self.document)


def _decoded(text: str, pointer: str) -> bytes:
    try:
        document = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Invalid("Write the document in base64 (RFC 4648).", f"{pointer}/document") from None
    if len(document) > MAX_DOCUMENT_BYTES:
        raise Invalid(
            f"A document may have {MAX_DOCUMENT_BYTES} bytes; send its SHA-256 alone.", f"{pointer}/document"
        )
    return document
