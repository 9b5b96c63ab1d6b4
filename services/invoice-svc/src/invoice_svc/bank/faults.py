"""Refusals of a bank's file. The detail names the place in the file and the fault."""

from __future__ import annotations

from encours.kernel.errors import Refusal


class BankFileInvalid(Refusal):
    """The file breaks the rules of its format in a way that leaves its content uncertain (422)."""

    code = "bank-file-invalid"
    title = "Bank file cannot be read with certainty"
    status = 422
    remedy = "Ask the bank for a correct file, or name the right format; nothing of this one was imported."


class BankFileUnknown(Refusal):
    """No known format fits the file (422)."""

    code = "bank-file-unknown"
    title = "Format of the bank file is unknown"
    status = 422
    remedy = (
        "Send camt.052, 053 or 054, MT940, MT942, CFONB 120, OFX, or a CSV file with a map of its columns."
    )


class XmlWithDeclarations(Refusal):
    """The XML declares a document type or entities (422)."""

    code = "xml-with-declarations"
    title = "XML declares a document type or entities"
    status = 422
    remedy = "Send the file as the bank writes it: ISO 20022 uses neither document types nor entities."


class StatementUnbalanced(Refusal):
    """Opening balance and lines do not give the closing balance (422)."""

    code = "bank-statement-unbalanced"
    title = "Opening balance and lines do not give the closing balance"
    status = 422
    remedy = "Ask the bank for a complete statement; nothing of the file was imported."
