"""Codes of the verdicts on lines, documented beside the refusals of requests."""

from __future__ import annotations

from encours.http.catalogue import ProblemKind

# fmt: off
PROBLEMS = (
    ProblemKind(
        "malformed-line", "The line cannot be read", 422,
        "Quote CSV as RFC 4180 says; write one JSON object a line.",
    ),
    ProblemKind(
        "wrong-column-count", "The line has more or fewer columns than the header", 422,
        "Quote a field with a comma.",
    ),
    ProblemKind("unclosed-quote", "A quote is opened and never closed", 422, 'Write a quote inside a field as "".'),
    ProblemKind("line-too-long", "The line is too long", 422, "A line has 64 KiB at most."),
    ProblemKind("bad-encoding", "The line is not UTF-8", 422, "Save the file as UTF-8."),
    ProblemKind("nul-byte", "The line holds a NUL byte", 422, "Save the file as plain text."),
    ProblemKind("unknown-kind", "There is no such kind of line", 422, "The detail lists the kinds."),
    ProblemKind("unknown-field", "There is no such member", 422, "Take it out or correct its name."),
    ProblemKind("missing-value", "A value is missing", 422, "Fill the column that is named."),
    ProblemKind("invalid-value", "A value cannot be taken", 422, "The detail says what is expected."),
    ProblemKind("value-too-long", "A value is too long", 422, "Shorten it."),
    ProblemKind("invalid-date", "A date cannot be read", 422, "Say the date_format, or write 2026-03-31."),
    ProblemKind("date-out-of-range", "A date is out of range", 422, "Years are 1950 to 2150."),
    ProblemKind("due-before-issue", "Due before it was issued", 422, "Correct one of the two dates."),
    ProblemKind(
        "settled-before-issue", "Settled before it was issued", 422,
        "Give an advance as a payment line of its own.",
    ),
    ProblemKind("dispute-out-of-order", "Disputed before issue or after settlement", 422, "Correct the date."),
    ProblemKind("invalid-amount", "An amount cannot be read", 422, "Write it as 240.00."),
    ProblemKind(
        "amount-not-positive", "An amount is not above 0", 422,
        "What reduces a debt is a credit note or a payment.",
    ),
    ProblemKind("amount-too-large", "An amount is too large", 422, "The detail tells the bound."),
    ProblemKind("too-many-decimals", "More decimals than the currency has", 422, "Round it where it comes from."),
    ProblemKind("amounts-differ", "Amounts do not add up", 422, "Correct the part or the whole."),
    ProblemKind("rounded-noise", "Binary noise was rounded off", 200, "A remark on an accepted line: nothing to do."),
    ProblemKind("known-differently", "Known with other content", 409, "Record what changed as a fact of its own."),
)
# fmt: on
