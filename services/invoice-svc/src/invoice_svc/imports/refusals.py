"""Refusals of a whole file. Faults of its lines are verdicts (:mod:`invoice_svc.imports.formats.verdict`)."""

from __future__ import annotations

from encours.kernel.errors import NotFound, Refusal


class ImportNotFound(NotFound):
    """No file was received under the id."""

    code = "import-not-found"
    title = "Import not found"
    remedy = "Take the id from the answer to POST /v1/imports."


class EmptyFile(Refusal):
    """A file without a line."""

    code = "empty-file"
    title = "File is empty"
    status = 422
    remedy = "Send the file as the request body."


class InvalidHeader(Refusal):
    """A header line that is not CSV."""

    code = "invalid-header"
    title = "Header line cannot be read"
    status = 422
    remedy = "Write a header in UTF-8, quoted as in RFC 4180."


class InvalidColumnMap(Refusal):
    """The column map does not match the header."""

    code = "invalid-column-map"
    title = "Column map does not match the header"
    status = 422
    remedy = "errors[] lists each column that is missing or mapped twice."


class LineWithoutInvoice(Refusal):
    """A line whose invoice cannot be read, in a file that has several lines per invoice (422)."""

    code = "line-without-invoice"
    title = "Invoice of a line cannot be read"
    status = 422
    remedy = "Correct the line: an invoice of which a line is missing cannot be imported."
