"""What it means that a schedule does not fit a function: data, not a mistake."""


class Refusal(ValueError):
    """This template does not fit this function; the message says why."""


REFUSALS = (RuntimeError, ValueError, TypeError, IndexError, NotImplementedError, AttributeError)
"""What TVM, a template or the printer raises where a schedule does not fit a function."""
