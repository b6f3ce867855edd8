"""What the transpiler does not do, numbered: one row each, and the error that names a row."""

from hpctc.core.errors import HpctcError
from hpctc.syntax import tree
from hpctc.syntax.parse import SourceError

DIAGNOSTICS: dict[str, str] = {
    "HPC0001": "the source cannot be read",
    "HPC0002": "the source holds no kernel",
    "HPC0003": "there is no such kernel",
    "HPC0004": "the launch is not known",
    "HPC0005": "the launch does not fit the kernel",
    "HPC0006": "this function is not known",
    "HPC0007": "this name is not declared",
    "HPC0008": "threads of a block must be constants",
    "HPC0009": "this type is not supported",
    "HPC0010": "inline assembly is not supported",
    "HPC0011": "goto is not supported",
    "HPC0012": "cooperative grid sync is not supported",
    "HPC0013": "a switch that holds a barrier is not supported",
    "HPC0014": "a recursive function that uses threads is not supported",
    "HPC0016": "8-bit floating point is not supported",
    "HPC0017": "textures and surfaces are not supported",
    "HPC0018": "a template argument cannot be deduced",
    "HPC0019": "this rounding mode is not supported",
    "HPC0020": "a launch from device code is not supported",
    "HPC0021": "this kind of fragment is not supported",
    "HPC0022": "this kind of cooperative group is not supported",
    "HPC0023": "device clocks are not supported",
    "HPC0024": "this expression is not supported",
    "HPC0025": "this statement is not supported",
    "HPC0026": "a jump inside a switch whose loop holds a barrier is not supported",
    "HPC0027": "this extent must be a constant",
    "HPC0028": "this does not fit here",
    "HPC0029": "this part of C++ is not supported",
}
"""Number -> the first half of its message; the second half says what was met."""

INVALID = frozenset({"HPC0001", "HPC0002", "HPC0003", "HPC0005", "HPC0007", "HPC0018", "HPC0028"})
"""Numbers that blame the source or the launch; the others are limits of ours."""


class Diagnosed(HpctcError):
    """A source or a launch that does not become C, with the diagnostic's number and place."""

    def __init__(self, code: str, detail: str = "", at: tree.Position | None = None) -> None:
        text = DIAGNOSTICS[code] + (f": {detail}" if detail else "")
        super().__init__(f"{code}: {text}")
        self.code = code
        self.text = text
        self.at = at
        self.exit_code = 1 if code in INVALID else 3

    def located(self, source: str, name: str) -> "Diagnosed":
        """The same error with file, line, column and a caret in its message."""
        if self.at is None or not 0 < self.at.line <= source.count("\n") + 1:
            self.message = f"{name}: {self.code}: {self.text}"
        else:
            line, column = self.at.line, self.at.column
            shown = source.split("\n")[line - 1].replace("\t", " ")
            start = max(0, column - 60)
            drawn = f"  {shown[start : start + 100]}\n  {' ' * (column - 1 - start)}^"
            self.message = f"{name}:{line}:{column}: {self.code}: {self.text}\n{drawn}"
        self.args = (self.message,)
        return self


def unreadable(problem: SourceError) -> Diagnosed:
    """What the parser says, as a diagnostic: not C++ at all, or C++ that the grammar leaves out."""
    if not problem.beyond:
        made = Diagnosed("HPC0001", problem.message)
        made.hint = problem.hint
        return made
    return Diagnosed("HPC0029", f"{problem.beyond}\n{problem.message}")
