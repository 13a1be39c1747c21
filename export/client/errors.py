"""What a server, or the way to it, refused."""

from keraszoo.core.errors import InputError


class ServingError(InputError):
    """A request that was not answered.

    Attributes:
        code: name of gRPC's status, such as "INVALID_ARGUMENT" or "UNAVAILABLE".
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Unavailable(ServingError):
    """A server that may answer later.

    Attributes:
        after: seconds that it asks to wait, 0 where it says nothing.
    """

    def __init__(self, message, after=0.0):
        super().__init__("UNAVAILABLE", message)
        self.after = after
