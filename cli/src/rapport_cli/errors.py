"""What can go wrong between the command line and the API, named; each error has a stable code."""

from collections.abc import Sequence
from dataclasses import dataclass


class CliError(Exception):
    """Ends the command with exit code 2 and one clear line."""

    code = "USAGE"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        if code is not None:
            self.code = code


class TransportError(CliError):
    """The gateway could not be reached, or what answered is not a GraphQL server."""

    code = "TRANSPORT"


class SignInRefusedError(CliError):
    """The account's mail address or password was refused."""

    code = "SIGN_IN_REFUSED"


@dataclass(frozen=True, slots=True)
class Fault:
    """One entry of a GraphQL answer's `errors`."""

    code: str
    message: str


class GraphQLRequestError(CliError):
    """The request was answered with GraphQL errors; `code` is the first one's `extensions.code`."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        first = faults[0]
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        super().__init__(f"{first.message}{more}", code=first.code)
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True)
class UserError:
    """One entry of a payload's `userErrors`: something a person can mend."""

    code: str
    message: str
    path: tuple[str, ...] = ()

    @property
    def field(self) -> str:
        """The input field the error is about, or an empty string."""
        return self.path[-1] if self.path else ""
