"""Student's distribution against scipy's."""

from __future__ import annotations

import pytest
from scipy.special import stdtr, stdtrit

from runs.student import reach, within


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 5, 9, 30, 101, 1000])
def test_it_is_scipys(freedom: int) -> None:
    for level in (0.5, 0.95, 0.999):
        assert reach(freedom, level) == pytest.approx(stdtrit(freedom, (1 + level) / 2), rel=1e-9)
    for t in (0.1, 1.0, 7.5):
        assert within(t, freedom) == pytest.approx(2 * stdtr(freedom, t) - 1, rel=1e-9)
