"""The errors, and their exit codes on the command line.

    HartonomousError
    ├── UsageError             2   an invalid option or argument
    │   └── ConfirmationNeeded 2   a destructive act without --yes
    ├── NotFound               3   a word, a source or a file does not exist
    ├── Conflict               4   another writer, a name used for other content
    ├── ServerError            5   no server, a wrong password, a failed installation
    ├── VerificationFailed     6   a digest or a rating differs from the expected one
    └── BadInput               7   a file or a bundle is not accepted

A message says what is wrong, which object it is about, and what to do.
"""

from __future__ import annotations

from hartonomous.file_names import readable


class HartonomousError(Exception):
    """The root of all errors that are shown to the user without a traceback."""

    exit_code = 1

    def __str__(self) -> str:
        return readable(super().__str__())


class UsageError(HartonomousError):
    """An invalid option or argument."""

    exit_code = 2


class ConfirmationNeeded(UsageError):
    """A destructive act without the required confirmation."""


class NotFound(HartonomousError):
    """A word, a source or a file does not exist; `suggestions` are similar names."""

    exit_code = 3

    def __init__(self, message: str, suggestions: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.suggestions = suggestions


class Conflict(HartonomousError):
    """Another writer is active, or a name is used for other content."""

    exit_code = 4


class ServerError(HartonomousError):
    """The Neo4j server is not reachable, refuses access, or cannot be installed."""

    exit_code = 5


class VerificationFailed(HartonomousError):
    """A digest or a rating differs from the expected one."""

    exit_code = 6


class BadInput(HartonomousError):
    """A file or a bundle is not accepted."""

    exit_code = 7
