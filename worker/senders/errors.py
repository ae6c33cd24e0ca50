"""What is at the bottom of an error."""


def bottom(error: BaseException) -> BaseException:
    """The error that an error was first raised for."""
    while below := error.__cause__ or error.__context__:
        error = below
    return error


def cause(error: BaseException) -> str:
    """A word for what went wrong, such as ConnectionRefusedError; without an error's text, which
    may hold what was sent."""
    return type(bottom(error)).__name__
