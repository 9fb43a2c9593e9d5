"""Everything that can go wrong, and the exit code the command line gives it.

    HartonomousError
    ├── UsageError             2   an option or an argument that makes no sense
    │   └── ConfirmationNeeded 2   a destructive act without --yes
    ├── NotFound               3   a word, a source or a file that is not there
    ├── Conflict               4   another writer, a name taken by other content
    ├── ServerError            5   no server, a wrong password, a server that cannot be set up
    ├── VerificationFailed     6   something does not add up: a digest, a rating
    ├── BadInput               7   a file or a bundle that is not accepted
    └── Interrupted          130   stopped half-way; the same command goes on from there

A message says what is wrong, which thing it is about, and what to do.
"""

from __future__ import annotations

from hartonomous.file_names import readable


class HartonomousError(Exception):
    """The root: whatever a user is told without a traceback."""

    exit_code = 1

    def __str__(self) -> str:
        return readable(super().__str__())


class UsageError(HartonomousError):
    """An option or an argument that makes no sense."""

    exit_code = 2


class ConfirmationNeeded(UsageError):
    """A destructive act was asked for without the confirmation it needs."""


class NotFound(HartonomousError):
    """A word, a source or a file that is not there; `suggestions` are near misses."""

    exit_code = 3

    def __init__(self, message: str, suggestions: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.suggestions = suggestions


class Conflict(HartonomousError):
    """Another writer is at work, or a name stands for other content."""

    exit_code = 4


class ServerError(HartonomousError):
    """The Neo4j server is away, refuses us, or cannot be set up."""

    exit_code = 5


class VerificationFailed(HartonomousError):
    """A digest or a rating differs from what it should be."""

    exit_code = 6


class BadInput(HartonomousError):
    """A file or a bundle that is not accepted."""

    exit_code = 7


class Interrupted(HartonomousError):
    """Stopped half-way; the same command goes on from there."""

    exit_code = 130
