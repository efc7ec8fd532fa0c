"""When a certificate expires, from its bytes.

Python's ssl tells that only of certificates that it has verified; people want to know it of any. What is read of the
X.509 structure (DER) is its way to `notAfter`, and nothing else is believed.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

SEQUENCE, CONTEXT_0, UTC_TIME, GENERALIZED_TIME = 0x30, 0xA0, 0x17, 0x18
_BEFORE_VALIDITY = (
    3  # of the certificate's fields: serial number, algorithm, issuer; a version may precede them
)


class CertificateError(ValueError):
    """These bytes are no certificate."""


def expires_at(der: bytes) -> float:
    """When it expires, in seconds since the epoch. Raises CertificateError."""
    certificate = _first(der, SEQUENCE)
    fields = list(_parts(_first(certificate, SEQUENCE)))
    if fields and fields[0][0] == CONTEXT_0:
        fields = fields[1:]
    if len(fields) <= _BEFORE_VALIDITY or fields[_BEFORE_VALIDITY][0] != SEQUENCE:
        raise CertificateError("no validity")
    times = list(_parts(fields[_BEFORE_VALIDITY][1]))
    if len(times) != 2:
        raise CertificateError("no two times")
    return _time(*times[1])


def _first(data: bytes, tag: int) -> bytes:
    for found, content in _parts(data):
        if found == tag:
            return content
        break
    raise CertificateError(f"no {tag:#x} where one should be")


def _parts(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(data):
        start, length = _length(data, at + 1)
        if start + length > len(data):
            raise CertificateError("it ends too early")
        yield data[at], data[start : start + length]
        at = start + length


def _length(data: bytes, at: int) -> tuple[int, int]:
    """Where the content begins, and how long it is."""
    first = data[at] if at < len(data) else 0x80
    if first < 0x80:
        return at + 1, first
    count = first & 0x7F
    if not 1 <= count <= 4 or at + 1 + count > len(data):
        raise CertificateError("no length")
    return at + 1 + count, int.from_bytes(data[at + 1 : at + 1 + count])


def _time(tag: int, text: bytes) -> float:
    digits = text.decode("ascii", "replace")
    if tag == UTC_TIME:  # two digits of the year: from 1950 to 2049
        digits = ("19" if digits[:1] >= "5" else "20") + digits
    elif tag != GENERALIZED_TIME:
        raise CertificateError("no time")
    try:
        return datetime.strptime(digits, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise CertificateError(f"no time: {digits!r}") from None
