"""What an operation on a payment came to, in one vocabulary for all providers (pure)."""

from collections.abc import Mapping
from enum import StrEnum


class Result(StrEnum):
    """The normalised results, and the finer ones that some providers tell apart.

    A finer one is told by the code of its `wider` result where a provider has none for it.
    """

    OK = "OK"
    NOT_FOUND = "NOT_FOUND"
    AMBIGUOUS = "AMBIGUOUS"
    INACTIVE = "INACTIVE"
    BAD_FORMAT = "BAD_FORMAT"
    AMOUNT_TOO_SMALL = "AMOUNT_TOO_SMALL"
    AMOUNT_TOO_LARGE = "AMOUNT_TOO_LARGE"
    FORBIDDEN = "FORBIDDEN"
    DUPLICATE = "DUPLICATE"
    PENDING = "PENDING"
    NOT_FOUND_PAYMENT = "NOT_FOUND_PAYMENT"
    TEMPORARY = "TEMPORARY"
    INTERNAL = "INTERNAL"
    # Finer: the same key came with another account or amount.
    CONFLICT = "CONFLICT"
    BAD_SIGNATURE = "BAD_SIGNATURE"
    WRONG_ADDRESS = "WRONG_ADDRESS"
    WRONG_SERVICE = "WRONG_SERVICE"
    UNKNOWN_OPERATION = "UNKNOWN_OPERATION"
    MISSING_FIELD = "MISSING_FIELD"
    BAD_DOCUMENT = "BAD_DOCUMENT"
    BAD_ACCOUNT = "BAD_ACCOUNT"
    BAD_AMOUNT = "BAD_AMOUNT"
    BAD_DATE = "BAD_DATE"
    NOT_REVERSIBLE = "NOT_REVERSIBLE"

    @property
    def is_done(self) -> bool:
        """Whether what was asked is so now: done, or done before."""
        return self in (Result.OK, Result.DUPLICATE)


WIDER: dict[Result, Result] = {
    Result.CONFLICT: Result.INTERNAL,
    Result.BAD_SIGNATURE: Result.FORBIDDEN,
    Result.WRONG_ADDRESS: Result.FORBIDDEN,
    Result.WRONG_SERVICE: Result.FORBIDDEN,
    Result.UNKNOWN_OPERATION: Result.BAD_FORMAT,
    Result.MISSING_FIELD: Result.BAD_FORMAT,
    Result.BAD_DOCUMENT: Result.BAD_FORMAT,
    Result.BAD_ACCOUNT: Result.BAD_FORMAT,
    Result.BAD_AMOUNT: Result.BAD_FORMAT,
    Result.BAD_DATE: Result.BAD_FORMAT,
    Result.NOT_REVERSIBLE: Result.FORBIDDEN,
    Result.AMOUNT_TOO_SMALL: Result.FORBIDDEN,
    Result.AMOUNT_TOO_LARGE: Result.FORBIDDEN,
    Result.AMBIGUOUS: Result.NOT_FOUND,
    Result.NOT_FOUND_PAYMENT: Result.NOT_FOUND,
    Result.DUPLICATE: Result.OK,
    Result.PENDING: Result.TEMPORARY,
    Result.TEMPORARY: Result.INTERNAL,
}

TEXTS: dict[Result, str] = {
    Result.OK: "OK",
    Result.NOT_FOUND: "Account not found",
    Result.AMBIGUOUS: "More than one account found",
    Result.INACTIVE: "Account is not active",
    Result.BAD_FORMAT: "Bad request",
    Result.AMOUNT_TOO_SMALL: "Amount too small",
    Result.AMOUNT_TOO_LARGE: "Amount too large",
    Result.FORBIDDEN: "Forbidden",
    Result.DUPLICATE: "OK",
    Result.PENDING: "Not finished yet",
    Result.NOT_FOUND_PAYMENT: "Payment not found",
    Result.TEMPORARY: "Temporary error, try later",
    Result.INTERNAL: "Internal error",
    Result.CONFLICT: "Payment id was used with another account or amount",
    Result.BAD_SIGNATURE: "Wrong signature",
    Result.WRONG_ADDRESS: "Access denied",
    Result.WRONG_SERVICE: "Unknown service",
    Result.UNKNOWN_OPERATION: "Unknown operation",
    Result.MISSING_FIELD: "Required field is missing",
    Result.BAD_DOCUMENT: "Document cannot be read",
    Result.BAD_ACCOUNT: "Bad account format",
    Result.BAD_AMOUNT: "Bad amount",
    Result.BAD_DATE: "Bad date",
    Result.NOT_REVERSIBLE: "Payment cannot be reversed",
}


def code_of(result: Result, codes: Mapping[Result, str]) -> str:
    """The provider's code: of the result, else of the next wider one, else of INTERNAL."""
    seen: Result | None = result
    while seen is not None:
        if seen in codes:
            return codes[seen]
        seen = WIDER.get(seen)
    return codes[Result.INTERNAL]
