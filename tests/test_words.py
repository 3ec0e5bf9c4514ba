"""Numbers and lists in words."""

import pytest

from gan.words import counted, listed


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (counted(1, "thread"), "1 thread"),
        (counted(0, "thread"), "0 threads"),
        (counted(2_000, "process", "processes"), "2,000 processes"),
        (listed(["a", "b"], "or"), "a or b"),
        (listed(["a", "b", "c"], "and"), "a, b and c"),
    ],
)
def test_numbers_and_lists_read_as_people_write_them(words, text):
    assert words == text
