"""Throwing an array out of the caches changes nothing of it."""

from pathlib import Path

import numpy as np
import pytest

from hpctc.native.evict import evict


@pytest.mark.parametrize("size", [0, 1, 63, 4096, 1_000_003])
def test_what_was_written_is_still_there(size: int, tmp_path: Path) -> None:
    array = np.random.default_rng(size).integers(0, 255, size, dtype=np.uint8)
    before = array.copy()
    evict(array, tmp_path)
    np.testing.assert_array_equal(array, before)
