"""Arrays in shared memory: where they lie, what poison and marks show, what a child may not do."""

import mmap
import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hpctc.core.records import Tensor
from hpctc.native.call import ALIGNMENT
from hpctc.sandbox.arena import Arena

DTYPES = ("float32", "float16", "int32", "int8", "bool")


def tensors(shapes: list[tuple[tuple[int, ...], str]]) -> list[Tensor]:
    return [Tensor(name=f"t{i}", shape=s, dtype=d) for i, (s, d) in enumerate(shapes)]


shapes = st.lists(
    st.tuples(st.lists(st.integers(1, 40), max_size=3).map(tuple), st.sampled_from(DTYPES)),
    min_size=1,
    max_size=5,
)


@given(shapes)
def test_arrays_end_at_a_page_but_for_their_alignment(
    wanted: list[tuple[tuple[int, ...], str]],
) -> None:
    with Arena(tensors(wanted), writable=True) as arena:
        for place, array, (shape, dtype) in zip(arena.places, arena.arrays, wanted, strict=True):
            assert (array.shape, array.dtype) == (shape, np.dtype(dtype))
            assert array.ctypes.data % ALIGNMENT == 0
            assert place.offset % mmap.PAGESIZE == place.length % mmap.PAGESIZE == 0
            assert 0 <= place.length - place.lead - place.nbytes < ALIGNMENT
        assert arena.trespass() is None


@pytest.mark.parametrize("dtype", DTYPES)
def test_two_turns_of_poison_have_no_value_in_common(dtype: str) -> None:
    with Arena(tensors([((64,), dtype)]), writable=True) as arena:
        arena.poison(0)
        even = arena.arrays[0].copy().view(np.uint8)
        arena.poison(1)
        odd = arena.arrays[0].view(np.uint8)
        assert (even != odd).any(axis=0)
        assert arena.trespass() is None


def test_writing_beside_an_array_shows() -> None:
    for before in (True, False):
        with Arena(tensors([((3,), "float32"), ((5,), "float32")]), writable=True) as arena:
            place = arena.places[1]
            at = place.offset + place.lead + (-1 if before else place.nbytes)
            os.pwrite(arena.fd, b"!", at)
            side = "before the start" if before else "past the end"
            assert arena.trespass() == f"it wrote {side} of t1"


def test_inputs_are_sealed_and_can_still_be_stored() -> None:
    with Arena(tensors([((4,), "float32")]), writable=False) as arena:
        arena.store([np.arange(4, dtype=np.float32)])
        assert arena.arrays[0].tolist() == [0, 1, 2, 3]
        with pytest.raises(PermissionError):
            os.pwrite(arena.fd, b"!", 0)
        with pytest.raises(PermissionError):
            mmap.mmap(arena.fd, 4096)
        with pytest.raises(PermissionError):
            os.ftruncate(arena.fd, 0)


def test_no_tensors_are_an_arena_too() -> None:
    with Arena([], writable=False) as arena:
        assert arena.words() == []
