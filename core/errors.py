"""Errors whose messages are meant for users."""


class LabError(Exception):
    """An error whose message says what is wrong, where, and what to do about it.

    Pages show the message unchanged; the command line prints it and exits with 1.
    Any other exception is a bug in the lab and is logged with its traceback.
    """


class Stopped(LabError):
    """The work stopped on request."""


class Diverged(LabError):
    """The loss became NaN or infinite; ``hint`` names the setting to change."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


class NoWeights(LabError):
    """Pretrained weights are not on this machine and cannot be downloaded."""


class WrongUsage(LabError):
    """The arguments are invalid; the command line exits with 2."""


class Undecided(LabError):
    """A data set can be read in several ways and a person has to choose; the command line exits with 3."""
