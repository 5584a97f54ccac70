"""The errors a person is meant to read."""


class LabError(Exception):
    """A sentence that says what is wrong, where, and what to do about it.

    Pages show it as it is, the command line prints it and exits with 1.
    Any other exception is a fault of ours and goes to the log with its traceback.
    """


class Stopped(LabError):
    """The work was asked to stop and did."""


class Diverged(LabError):
    """The loss is no longer a number; ``hint`` names the setting to try."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


class NoWeights(LabError):
    """Weights that were trained elsewhere are not on this machine and cannot be downloaded."""


class WrongUsage(LabError):
    """What was asked for makes no sense as it was written; the command line exits with 2."""
