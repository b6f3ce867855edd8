"""A torch module out of a Python file, with inputs to call it on.

The file is executed: it is code of whoever wrote it, and runs with the rights of whoever imports.
KernelBench's convention is understood (Ouyang et al., 2025): a class ``Model``, ``get_inputs()``
that returns example inputs and ``get_init_inputs()`` that returns the constructor's arguments.
"""

import importlib.util
import inspect
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

from hpctc.importers.errors import ImportFailed

USUAL = "Model"
"""The class that is taken where there are several."""


@dataclass(frozen=True, slots=True)
class Example:
    """A module in eval mode and the arguments of one call."""

    label: str
    """The class's name."""
    module: torch.nn.Module
    inputs: tuple[Any, ...]


def load(path: Path, wanted: str | None = None, shapes: Sequence[tuple[int, ...]] = ()) -> Example:
    """Execute a file, make its module, and get inputs for it.

    Args:
        path: A Python file; it is executed.
        wanted: The class; None: ``Model``, or the only one.
        shapes: Shapes of float inputs; empty: the file's own ``get_inputs()``.

    Raises:
        ImportFailed: The file, the class, or its inputs cannot be had.
    """
    file = _executed(path)
    kind = _chosen(file, path, wanted)
    torch.manual_seed(0)
    module = _made(file, kind, path)
    with _theirs(f"get_inputs() of {path.name}"):
        inputs = _inputs(file, path, shapes)
    return Example(kind.__name__, module.eval().requires_grad_(False), inputs)


@contextmanager
def _theirs(what: str) -> Iterator[None]:
    """Whatever somebody else's code raises is an error of the import that says where."""
    try:
        yield
    except ImportFailed:
        raise
    except (Exception, SystemExit) as problem:
        raise ImportFailed(
            f"{what} fails: {type(problem).__name__}: {first_line(problem)}",
            "run the file with python first",
        ) from problem


def first_line(problem: BaseException) -> str:
    """The first line of an exception's message, cut to a readable length."""
    lines = str(problem).strip().splitlines()
    return lines[0][:200] if lines else "no message"


def _executed(path: Path) -> ModuleType:
    if not path.is_file():
        raise ImportFailed(f"there is no file {path}", "name a Python file that holds a module")
    name = f"hpctc_import_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportFailed(f"{path} is no Python file", "its name must end in .py")
    file = importlib.util.module_from_spec(spec)
    folder = str(path.resolve().parent)
    sys.path.insert(0, folder)
    # Dataclasses and pickles look their module up by name.
    sys.modules[name] = file
    try:
        with _theirs(f"executing {path}"):
            spec.loader.exec_module(file)
    finally:
        sys.path.remove(folder)
    return file


def _chosen(file: ModuleType, path: Path, wanted: str | None) -> type[torch.nn.Module]:
    own = {
        name: kind
        for name, kind in vars(file).items()
        if inspect.isclass(kind)
        and issubclass(kind, torch.nn.Module)
        and kind.__module__ == file.__name__
    }
    listed = ", ".join(own)
    if wanted is not None:
        if wanted not in own:
            raise ImportFailed(
                f"{path} has no torch module {wanted!r}", f"it has {listed or 'none'}"
            )
        return own[wanted]
    if not own:
        raise ImportFailed(
            f"{path} defines no torch module", "write a class derived from torch.nn.Module"
        )
    if USUAL not in own and len(own) > 1:
        raise ImportFailed(
            f"{path} defines {len(own)} torch modules: {listed}", f"say --class {next(iter(own))}"
        )
    return own.get(USUAL, next(iter(own.values())))


def _made(file: ModuleType, kind: type[torch.nn.Module], path: Path) -> torch.nn.Module:
    arguments: Any = ()
    if callable(given := getattr(file, "get_init_inputs", None)):
        with _theirs(f"get_init_inputs() of {path.name}"):
            arguments = given()
    build: Callable[..., torch.nn.Module] = kind
    named = arguments if isinstance(arguments, dict) else {}
    ordered = () if isinstance(arguments, dict) else tuple(arguments)
    try:
        inspect.signature(kind).bind(*ordered, **named)
    except TypeError as problem:
        raise ImportFailed(
            f"{kind.__name__}{inspect.signature(kind)} cannot be made: {problem}",
            "define get_init_inputs() in the file: it returns the list of arguments",
        ) from None
    with _theirs(f"{kind.__name__}()"):
        return build(*ordered, **named)


def _inputs(file: ModuleType, path: Path, shapes: Sequence[tuple[int, ...]]) -> tuple[Any, ...]:
    if shapes:
        return tuple(torch.rand(shape) * 2 - 1 for shape in shapes)
    if not callable(given := getattr(file, "get_inputs", None)):
        raise ImportFailed(
            f"{path} does not say what its module is called on",
            "define get_inputs(), which returns a list of tensors, or say --input 8x128",
        )
    found = given()
    return tuple(found) if isinstance(found, list | tuple) else (found,)
