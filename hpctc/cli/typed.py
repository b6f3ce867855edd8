"""The command as the user typed it: what a card or a manifest says of how it was made."""

import shlex
import sys


def typed() -> str:
    """``hpctc`` and the words behind it, quoted for a shell."""
    return shlex.join(["hpctc", *sys.argv[1:]])
