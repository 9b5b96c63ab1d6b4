"""Pages of a list as CSV (RFC 4180), UTF-8 with a decimal point."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from starlette.responses import Response

CSV = "text/csv"
CSV_RESPONSE = {
    "content": {CSV: {"schema": {"type": "string"}}},
    "description": "JSON, or one entry of the page a line.",
}


def csv_page(head: Sequence[str], lines: Iterable[Sequence[object]], next_cursor: str | None) -> Response:
    """Return a page; the header ``Encours-Next-Cursor`` is there if more entries follow."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(head)
    writer.writerows(lines)
    following = {"Encours-Next-Cursor": next_cursor} if next_cursor else {}
    return Response(
        text.getvalue(), media_type=CSV, headers={"Cache-Control": "private, no-cache"} | following
    )
