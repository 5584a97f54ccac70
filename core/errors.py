"""The one kind of error a person is meant to read."""


class LabError(Exception):
    """A sentence that says what is wrong, where, and what to do about it.

    Pages show it as it is, the command line prints it and exits with 1.
    Any other exception is a fault of ours and goes to the log with its traceback.
    """
