"""The one family of errors that a user is meant to read."""


class HpctcError(Exception):
    """Something the user can act on: what was wrong and given, what is possible, the next command.

    ``exit_code`` is what the command line returns: 1 the input is bad, 2 the use is wrong.
    """

    exit_code: int = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        """What was wrong and what was given."""
        self.hint = hint
        """What is possible and the next command; empty when the message says it all."""

    def __str__(self) -> str:
        return f"{self.message}\n  hint: {self.hint}" if self.hint else self.message


class UsageError(HpctcError):
    """The command or option was wrong, not the data."""

    exit_code = 2


class MissingTool(HpctcError):
    """A program or library that this step needs is absent; the hint says how to get it."""

    exit_code = 2


class CorruptRecord(HpctcError):
    """A record file holds a line that cannot be read; the message names file and line."""
