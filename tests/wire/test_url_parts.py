import pytest

from vigild.wire.url_parts import Options, ReceiverUrlError, decode, encode, header_of, place_of, split_url


def test_a_url_in_its_parts() -> None:
    parts = split_url("HTTPS://u:p@Host:8080/a/b?x=1&y=2#z=3", "")
    assert ("https", "u:p@Host:8080", "/a/b", "x=1&y=2", "z=3") == parts
    assert ("u:p", "host", 8080) == place_of(parts.authority, "")


def test_a_url_of_little() -> None:
    assert ("x", "abc", "", "", "") == split_url("x://abc", "")


@pytest.mark.parametrize("url", ["x://a b", "x://a\r\nb", "x://\x7f", "x://a\tb"])
def test_blanks_and_control_characters_are_refused(url: str) -> None:
    with pytest.raises(ReceiverUrlError, match="blank"):
        split_url(url, "")


def test_what_is_no_url_is_refused_with_the_form() -> None:
    with pytest.raises(ReceiverUrlError) as caught:
        split_url("nonsense", "x://TOKEN")
    assert "x://TOKEN" in caught.value.hint


@pytest.mark.parametrize("authority", ["host:99999", "ho:st:1", "", "a@", "[::1"])
def test_hosts_that_cannot_be_read(authority: str) -> None:
    with pytest.raises(ReceiverUrlError, match="host"):
        place_of(authority, "")


@pytest.mark.parametrize(
    ("authority", "is_loopback", "shown"),
    [
        ("localhost:25", True, "localhost:25"),
        ("127.0.0.9", True, "127.0.0.9"),
        ("[::1]:25", True, "[::1]:25"),
        ("mail.example", False, "mail.example"),
    ],
)
def test_loopback(authority: str, is_loopback: bool, shown: str) -> None:
    place = place_of(authority, "")
    assert is_loopback == place.is_loopback
    assert shown == str(place)


def test_decoding_leaves_plus_signs() -> None:
    assert "a+b c/钉" == decode("a+b%20c%2F%e9%92%89")


def test_decoding_refuses_what_is_no_utf_8() -> None:
    with pytest.raises(ReceiverUrlError, match="UTF-8"):
        decode("%ff")


def test_encoding_is_undone_by_decoding() -> None:
    assert "a-._~%20%26%E9%92%89" == encode("a-._~ &钉")
    assert "a b&钉%" == decode(encode("a b&钉%"))


def test_options() -> None:
    options = Options("a=1&to=x&&to=y", "n=5", "", "t=%41=")
    assert "1" == options.one("a")
    assert ["x", "y"] == options.all("to")
    assert "d" == options.one("b", "d")
    assert 5 == options.number("n", 1, 0, 9)
    assert "A=" == options.one("t")
    options.done()


def test_an_unknown_option_is_refused_with_those_that_there_are() -> None:
    options = Options("sercet=x")
    options.one("secret")
    options.one("base")
    with pytest.raises(ReceiverUrlError, match="'sercet'") as caught:
        options.done()
    assert "secret, base" in caught.value.hint


def test_what_may_be_a_secret_is_not_shown_as_the_name_of_an_option() -> None:
    options = Options("SECabcdef=")
    with pytest.raises(ReceiverUrlError) as caught:
        options.done()
    assert "unknown option" == str(caught.value)


def test_options_that_are_wrong() -> None:
    with pytest.raises(ReceiverUrlError, match="without a value"):
        Options("SECabc")
    with pytest.raises(ReceiverUrlError, match="2 times"):
        Options("a=1&a=2").one("a")
    with pytest.raises(ReceiverUrlError, match="none of no, yes"):
        Options("a=maybe").choice("a", "no", "yes")
    assert "yes" == Options("a=YES").choice("a", "no", "yes")
    for text in ("x", "-1", "10", "9" * 30, "٣"):
        with pytest.raises(ReceiverUrlError, match="from 0 to 9"):
            Options(f"n={text}").number("n", 1, 0, 9)


def test_the_file_of_certificates_is_named_from_the_root() -> None:
    assert "/etc/ca.pem" == Options("ca_file=/etc/ca.pem").ca_file()
    assert "" == Options().ca_file()
    with pytest.raises(ReceiverUrlError, match="ca_file"):
        Options("ca_file=ca.pem").ca_file()


def test_a_header_is_one_line() -> None:
    assert ("X-Key", "a: b") == header_of("X-Key: a: b")
    for text in ("X-Key", "X Key: a", "X: a\r\nY: b", "X: é", ": a"):
        with pytest.raises(ReceiverUrlError, match="no header"):
            header_of(text)
