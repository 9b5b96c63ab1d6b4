"""Refusal of a file that can be read in several ways."""

from __future__ import annotations

from encours.kernel.errors import FieldError, Refusal


class UnclearFormat(Refusal):
    """The file can be read in more than one way, and the request does not say which (422)."""

    code = "unclear-format"
    title = "File can be read in more than one way"
    status = 422
    remedy = "Add the parameter that the detail names."

    def __init__(self, detail: str, parameter: str) -> None:
        super().__init__(detail, errors=(FieldError(parameter, detail),))
