"""The few pieces of inline PTX that kernels carry, as calls of what they mean.

g++ hands the text of an ``asm`` to an assembler of this machine, so the statements that code
generators and people use for want of an intrinsic are replaced: asynchronous copies and their
fences, and reads of special registers. Any other PTX is left for g++ to refuse.
"""

import re

ASM = re.compile(r"\b(?:__asm__|asm)\s*(?:__volatile__|volatile)?\s*\(")
STRING = re.compile(r'\s*"((?:\\.|[^"\\])*)"')
OPERAND = re.compile(r'\s*(?:\[\w+\]\s*)?"([^"]*)"\s*\(')
NOTHING = re.compile(
    r"cp\.async\.(commit_group|wait_group|wait_all)|membar|fence|griddepcontrol|prefetch"
)
COPY = re.compile(
    r"cp\.async\.c[ag]\.shared\.global[\w.:]*\s*\[%(\d+)\],\s*\[%(\d+)\],\s*(\S+?)\s*(?:,\s*(\S+?)\s*)?;"
)
MOVE = re.compile(r"mov\.[us](?:32|64)\s+%0,\s*%(\w+(?:\.\w)?)\s*;")
REGISTERS = {
    "laneid": "cooperative_groups::Lanes::lane()",
    "warpid": "(cooperative_groups::thread_block::thread_rank() / 32)",
    "tid.x": "threadIdx.x",
    "ntid.x": "blockDim.x",
    "ctaid.x": "blockIdx.x",
    "clock": "clock()",
    "clock64": "clock64()",
    "globaltimer": "globaltimer()",
    "smid": "0",
}


def replace_assembly(code: str) -> str:
    """The source with known ``asm`` statements replaced; line numbers stay."""
    parts, done = [], 0
    for found in ASM.finditer(code):
        if found.start() < done:
            continue
        end = _closing(code, found.end())
        if end is None:
            break
        meaning = _meaning(code[found.end() : end])
        if meaning is not None:
            lines = code.count("\n", found.start(), end)
            parts += [code[done : found.start()], meaning, "\n" * lines]
            done = end + 1
    return "".join([*parts, code[done:]])


def _closing(code: str, start: int) -> int | None:
    """Index of the parenthesis that closes the one before ``start``."""
    depth, i = 1, start
    while i < len(code):
        c = code[i]
        if c == '"':
            string = STRING.match(code, i)
            if string is None:
                return None
            i = string.end()
            continue
        depth += (c == "(") - (c == ")")
        if depth == 0:
            return i
        i += 1
    return None


def _meaning(body: str) -> str | None:
    """The expression for the inside of an ``asm (...)``; None where it is not known."""
    text, i = "", 0
    while string := STRING.match(body, i):
        text += string.group(1).replace("\\n", " ").replace("\\t", " ")
        i = string.end()
    operands = _operands(body[i:])
    text = text.strip().replace("%%", "%").strip("{} ")
    if NOTHING.match(text) or (not text and not operands):
        return "((void)0)"
    if (move := MOVE.fullmatch(text)) and move.group(1) in REGISTERS and operands:
        return f"({operands[0]} = {REGISTERS[move.group(1)]})"
    copy = COPY.search(text)
    if copy is None or text.count("cp.async") != 1:
        return None
    return _copy(copy, text, operands)


def _copy(copy: re.Match[str], text: str, operands: list[str]) -> str | None:
    def operand(word: str | None) -> str:
        assert word is not None
        return f"({operands[int(word.lstrip('%'))]})" if word.startswith("%") else word

    try:
        words = [operand("%" + copy.group(1)), operand("%" + copy.group(2)), operand(copy.group(3))]
        if copy.group(4):
            words.append(operand(copy.group(4)))
        call = f"hpctc::copy_async({', '.join(words)})"
        guard = re.search(r"setp\.ne\.b32\s+p,\s*(%\d+),\s*0", text)
        return f"({operand(guard.group(1))} ? {call} : void())" if guard else call
    except IndexError:
        return None


def _operands(text: str) -> list[str]:
    found, i = [], 0
    while (start := OPERAND.search(text, i)) is not None:
        end = _closing(text, start.end())
        if end is None:
            break
        found.append(text[start.end() : end])
        i = end + 1
    return found
