"""The statuses that a request can end with, and what HTTP calls them."""

import enum


class Code(enum.IntEnum):
    """gRPC's codes, which TensorFlow's are too."""

    OK = 0
    CANCELLED = 1
    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    ABORTED = 10
    OUT_OF_RANGE = 11
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    DATA_LOSS = 15
    UNAUTHENTICATED = 16


#: what TensorFlow Serving answers over HTTP; 500 for all others
HTTP = {
    Code.OK: 200,
    Code.CANCELLED: 499,
    Code.INVALID_ARGUMENT: 400,
    Code.DEADLINE_EXCEEDED: 504,
    Code.NOT_FOUND: 404,
    Code.ALREADY_EXISTS: 409,
    Code.PERMISSION_DENIED: 403,
    Code.RESOURCE_EXHAUSTED: 429,
    Code.FAILED_PRECONDITION: 400,
    Code.ABORTED: 409,
    Code.OUT_OF_RANGE: 400,
    Code.UNIMPLEMENTED: 501,
    Code.UNAVAILABLE: 503,
    Code.UNAUTHENTICATED: 401,
}


class Refused(Exception):
    """A request that is not answered: a code and one sentence for the client.

    Args:
        http: status of HTTP, where it is not that of the code.
    """

    def __init__(self, code, message, http=None):
        super().__init__(message)
        self.code = code
        self.http = HTTP.get(code, 500) if http is None else http

    def __str__(self):
        return f"{self.code.name}: {self.args[0]}"

    @property
    def message(self):
        return self.args[0]


def invalid(message):
    """A `Refused` of the commonest kind."""
    return Refused(Code.INVALID_ARGUMENT, message)
