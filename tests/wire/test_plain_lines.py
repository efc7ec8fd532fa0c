from vigild.wire.plain_lines import line_without, plain_line


def test_a_line_is_one_line_without_harm() -> None:
    assert "red x    y" == plain_line("\x1b[31mred\x00\u202ex\ty\x1b[0m  ")
    assert "plain" == plain_line("plain")


def test_a_line_is_bounded() -> None:
    assert "abc…" == plain_line("abcdefgh", 4)


def test_secrets_are_hidden_however_they_are_written() -> None:
    assert "a *** b" == line_without("a s3%2Fcret\n b", ["s3/cret"])
    assert "*** b" == line_without("pa ss b", ["pa ss"])
    assert "an abc" == line_without("an abc", ["abc"])
    assert "***" == line_without("abc", ["abc"])
