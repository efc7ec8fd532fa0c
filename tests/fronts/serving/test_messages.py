"""Pieces of HTTP."""

import pytest

from vigild.fronts.serving.messages import decode_path, error_response, http_date


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        (b"/a", "/a"),
        (b"/a%3Ab%2f", "/a:b/"),
        (b"/%C3%A9", "/é"),
        (b"/%ff", "/\ufffd"),
        (b"/%2", "/%2"),
        (b"/%%41", "/%A"),
    ],
)
def test_paths(raw: bytes, path: str) -> None:
    assert decode_path(raw) == path


def test_dates() -> None:
    assert http_date(0) == "Thu, 01 Jan 1970 00:00:00 GMT"
    assert http_date(1795215115.9) == "Fri, 20 Nov 2026 22:51:55 GMT"


def test_the_page_of_an_error() -> None:
    plain = error_response(404)
    assert plain.headers == (("Content-Type", "text/html"),)
    assert plain.body == (
        b"<head>\r\n<title>Error response</title>\r\n</head>\r\n<body>\r\n<h1>Error response</h1>\r\n"
        b"<p>Error code 404.\r\n<p>Message: Not Found.\r\n</body>\r\n"
    )
    detailed = error_response(400, "<script> & more", (("X", "y"),))
    assert isinstance(detailed.body, bytes)
    assert b"<p>&lt;script&gt; &amp; more\r\n</body>" in detailed.body
    assert detailed.headers[0] == ("X", "y")
