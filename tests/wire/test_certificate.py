from datetime import UTC, datetime

import pytest

from vigild.wire.certificate import CertificateError, expires_at


def der(tag: int, content: bytes) -> bytes:
    if len(content) < 0x80:
        return bytes([tag, len(content)]) + content
    size = (len(content).bit_length() + 7) // 8
    return bytes([tag, 0x80 | size]) + len(content).to_bytes(size) + content


def certificate(
    end: bytes, *, version: bytes = der(0xA0, der(2, b"\2")), issuer: bytes = b"", validity_tag: int = 0x30
) -> bytes:
    validity = der(validity_tag, der(0x17, b"200101000000Z") + end)
    fields = version + der(2, b"\1") + der(0x30, b"") + der(0x30, issuer) + validity + der(0x30, b"")
    return der(0x30, der(0x30, fields) + der(0x30, b"") + der(3, b"\0"))


def at(*date: int) -> float:
    return datetime(*date, tzinfo=UTC).timestamp()  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        (der(0x17, b"491231235959Z"), at(2049, 12, 31, 23, 59, 59)),
        (der(0x17, b"500101000000Z"), at(1950, 1, 1)),
        (der(0x18, b"20991231235959Z"), at(2099, 12, 31, 23, 59, 59)),
    ],
)
def test_tells_when_it_expires(end: bytes, expected: float) -> None:
    assert expected == expires_at(certificate(end))


def test_reads_long_ones_and_those_without_a_version() -> None:
    end = der(0x17, b"300101000000Z")
    for issuer in (b"x" * 200, b"x" * 70_000):
        assert at(2030, 1, 1) == expires_at(certificate(end, version=b"", issuer=issuer))


_END = der(0x17, b"300101000000Z")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"0",
        b"\x30\x80",
        b"\x30\x85\1\1\1\1\1",
        b"\x30\x82\1",
        b"\x30\x05abc",
        der(0x31, b""),
        der(0x30, der(0x30, b"")),
        certificate(_END, validity_tag=0x31),
        certificate(b""),
        certificate(der(0x02, b"300101000000Z")),
        certificate(der(0x17, b"301301000000Z")),
        certificate(der(0x17, b"\xff")),
    ],
)
def test_refuses_what_is_no_certificate(data: bytes) -> None:
    with pytest.raises(CertificateError):
        expires_at(data)
