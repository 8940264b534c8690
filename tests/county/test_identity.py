"""Numbers that look right and belong to nobody."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from county.identity import check_digits, identity_numbers, telephones

WEIGHTS = [pow(2, 17 - place, 11) for place in range(17)]


def right(number: str) -> bool:
    """GB 11643-1999, digit by digit."""
    total = sum(int(digit) * weight for digit, weight in zip(number[:17], WEIGHTS, strict=True))
    return number[17] == "10X98765432"[total % 11]


@given(st.lists(st.from_regex(r"[1-9][0-9]{16}", fullmatch=True), min_size=1, max_size=5))
def test_the_check_digit_is_that_of_the_standard(bodies: list[str]) -> None:
    for body, digit in zip(bodies, check_digits(np.array(bodies)), strict=True):
        assert right(body + str(digit))


def test_numbers_carry_birth_and_sex_and_the_prefix_of_no_place() -> None:
    days = np.array(["1950-02-01", "2025-12-01"], dtype="datetime64[D]")
    numbers = identity_numbers(days, np.array([True, False]), np.random.default_rng(1))
    assert [n[:14] for n in numbers.tolist()] == ["99010119500201", "99010120251201"]
    assert [int(n[16]) % 2 for n in numbers.tolist()] == [1, 0]
    assert all(right(n) for n in numbers.tolist())


def test_telephones_are_no_mobile_numbers() -> None:
    assert all(
        len(t) == 11 and t.startswith("100") for t in telephones(50, np.random.default_rng(1)).tolist()
    )
