"""Errors that a person or a caller meets.

    LagebildError
    ├── UserError          what a person can mend: printed in one sentence with the remedy, exit code 2
    └── Unrecoverable      the service must stop and be restarted: the cause is in the message

`schemas.InvalidRecord` is apart: it belongs to the contract and concerns one message, not the service.
"""


class LagebildError(Exception):
    """Base of all errors that Lagebild raises on purpose."""


class UserError(LagebildError):
    """Something that the person who runs the command can mend.

    Attributes:
        message: what is wrong, one sentence without a full stop.
        remedy: what to do about it, or None where the message says it.
    """

    def __init__(self, message: str, *, remedy: str | None = None) -> None:
        super().__init__(f"{message}: {remedy}" if remedy else message)
        self.message = message
        self.remedy = remedy


class Unrecoverable(LagebildError):
    """The service cannot go on without risking the loss of a message; a restart resumes at the committed offset."""
