"""The loops of a kernel's text: those of one round go, the others get short names and indents."""

import re

FOR = re.compile(
    r"^ *for \((?:int|long long) (?P<name>\w+) = (?:\(long long\))?(?P<first>\w+); "
    r"\w+ < (?:\(long long\))?(?P<end>\w+); \+\+\w+\) \{$"
)
NAMES = ("i", "j", "k", "l", "m", "n", "p", "q", "r", "s")
"""A loop is named by how deep it stands."""


def unrolled(lines: list[str]) -> list[str]:
    """Take away loops of one round; their variable is 0."""
    made = list(lines)
    n = 0
    while n < len(made):
        match = FOR.match(made[n])
        if match is None or (match["first"], match["end"]) != ("0", "1"):
            n += 1
            continue
        end = _end(made, n)
        word = re.compile(rf"\b{match['name']}\b")
        inner = [word.sub("0", line) for line in made[n + 1 : end]]
        first = n - 1 if n and made[n - 1].strip() == "#pragma unroll" else n
        made[first : end + 1] = inner
        n = first
    return made


def renamed(lines: list[str]) -> list[str]:
    """Give every loop variable the name of its depth; nested ones never share a name."""
    words = set(re.findall(r"(?<![.\w])[A-Za-z_]\w*", "\n".join(lines)))
    loops = {m["name"] for line in lines if (m := FOR.match(line))}
    free = [name for name in NAMES if name not in words - loops]
    return _named(lines, free, 0)


def _named(lines: list[str], free: list[str], depth: int) -> list[str]:
    if depth == len(free):
        return lines
    made: list[str] = []
    n = 0
    while n < len(lines):
        match = FOR.match(lines[n])
        if match is None:
            made.append(lines[n])
            n += 1
            continue
        end = _end(lines, n)
        # by way of @: an inner loop may have the new name already
        old = re.compile(rf"\b{match['name']}\b")
        block = [old.sub(f"@{depth}", line) for line in lines[n : end + 1]]
        block[1:-1] = _named(block[1:-1], free, depth + 1)
        made += [line.replace(f"@{depth}", free[depth]) for line in block]
        n = end + 1
    return made


def indented(lines: list[str]) -> list[str]:
    """Two spaces a brace; empty lines go."""
    made, depth = [], 1
    for line in lines:
        text = line.strip()
        if not text:
            continue
        level = depth - text.startswith("}")
        made.append("  " * level + text)
        depth += text.count("{") - text.count("}")
    return made


def _end(lines: list[str], start: int) -> int:
    """The line of the brace that closes the block which ``start`` opens."""
    depth = 0
    for n in range(start, len(lines)):
        depth += lines[n].count("{") - lines[n].count("}")
        if depth == 0:
            return n
    raise ValueError(f"no end of {lines[start].strip()}")
