"""What is at the bottom of an error."""


def cause(error: BaseException) -> str:
    """A word for the error that this one was first raised for, such as ConnectionRefusedError. An
    error's text may hold what was sent."""
    while below := error.__cause__ or error.__context__:
        error = below
    return type(error).__name__
