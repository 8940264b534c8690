"""Names, numbers and telephones that look right and belong to nobody.

They are in the extracts because departments' extracts hold them, and so that tests can show that intake
lets none of them through to the facts.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from county.setting import COUNTY

Text = npt.NDArray[np.str_]
SURNAMES = np.array(list("王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗"))
GIVEN = np.array(list("秀英桂兰玉梅建国志强海燕春花金凤明华文军永福德顺彩霞小红双喜天佑来喜"))
# GB 11643: weight of each of the 17 digits, and the check digit for each remainder of 11.
WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])
CHECK = np.array(list("10X98765432"))


def check_digits(numbers: Text) -> Text:
    """The eighteenth character of identity numbers given by their first 17 digits (GB 11643-1999).

    >>> str(check_digits(np.array(["11010519491231002"]))[0])
    'X'
    """
    codes = np.ascontiguousarray(numbers.astype("U17")).view(np.uint32).reshape(-1, 17).astype(
        np.int64
    ) - ord("0")
    return CHECK[(codes @ WEIGHTS) % 11]


def identity_numbers(
    birth_days: npt.NDArray[np.datetime64], male: npt.NDArray[np.bool_], rng: np.random.Generator
) -> Text:
    """18-character numbers with a valid check digit and the region prefix of no place."""
    days = np.char.replace(birth_days.astype("datetime64[D]").astype(str), "-", "")
    order = rng.integers(0, 500, len(male)) * 2 + male
    body = np.char.add(np.char.add(COUNTY, days), np.char.zfill(order.astype(str), 3))
    return np.char.add(body, check_digits(body))


def names(people: int, rng: np.random.Generator) -> Text:
    """Made-up names of two or three characters."""
    second = GIVEN[rng.integers(0, len(GIVEN), people)]
    third = np.where(rng.random(people) < 0.25, "", GIVEN[rng.integers(0, len(GIVEN), people)])
    return np.char.add(np.char.add(SURNAMES[rng.integers(0, len(SURNAMES), people)], second), third)


def telephones(people: int, rng: np.random.Generator) -> Text:
    """Eleven digits beginning with 100, which no mobile number does."""
    return np.char.add("100", np.char.zfill(rng.integers(0, 10**8, people).astype(str), 8))
