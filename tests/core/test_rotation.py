"""Where a full log file is cut."""

from vigild.core.rotation import NEAR_BYTES, cut_at


def test_what_fits_goes_in_whole() -> None:
    assert cut_at(b"a\nb", 3) == 3


def test_the_cut_is_after_the_last_line_that_fits() -> None:
    assert cut_at(b"one\ntwo\nthree\n", 10) == 8


def test_a_line_that_is_longer_than_the_room_goes_in_if_its_end_is_near() -> None:
    assert cut_at(b"longer than room\nnext\n", 5) == 17


def test_without_a_line_end_near_the_limit_counts() -> None:
    data = b"x" * (3 * NEAR_BYTES) + b"\n"
    assert cut_at(data, NEAR_BYTES) == NEAR_BYTES


def test_a_line_end_long_before_the_limit_is_not_near() -> None:
    data = b"\n" + b"x" * (4 * NEAR_BYTES)
    assert cut_at(data, 2 * NEAR_BYTES) == 2 * NEAR_BYTES


def test_a_file_that_is_already_too_long_takes_the_rest_of_the_line() -> None:
    assert cut_at(b"end\nnext\n", -5) == 4
    assert cut_at(b"x" * (2 * NEAR_BYTES), -5) == 0
