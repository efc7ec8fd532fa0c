"""The journal's records: entries that come and go, as bytes that are only ever appended.

    +KIND KEY-LENGTH VALUE-LENGTH \\n KEY \\n VALUE \\n      the entry is this from now on
    -KIND KEY-LENGTH 0 \\n KEY \\n \\n                       the entry is no more

Lengths count bytes. A record that a dying writer left unfinished can only be the last one: reading stops
there, and nothing after it is believed.
"""

Entries = dict[str, dict[str, bytes]]  # kind -> key -> value

MAX_LENGTH_DIGITS = 10
MAX_HEAD_BYTES = 100


def encode_put(kind: str, key: str, value: bytes) -> bytes:
    """The record that says what `kind` `key` is from now on."""
    name = key.encode(errors="surrogateescape")
    return b"+%b %d %d\n%b\n%b\n" % (kind.encode(), len(name), len(value), name, value)


def encode_drop(kind: str, key: str) -> bytes:
    """The record that says that `kind` `key` is no more."""
    name = key.encode(errors="surrogateescape")
    return b"-%b %d 0\n%b\n\n" % (kind.encode(), len(name), name)


def encode_all(entries: Entries) -> bytes:
    """The shortest journal with these entries."""
    return b"".join(
        encode_put(kind, key, value) for kind, keys in entries.items() for key, value in keys.items()
    )


def decode(data: bytes) -> tuple[Entries, int]:
    """The entries that are left after all records, and how many bytes at the end were no whole record."""
    entries: Entries = {}
    position = 0
    while (record := _record(data, position)) is not None:
        sign, kind, key, value, position = record
        if sign == b"+":
            entries.setdefault(kind, {})[key] = value
        else:
            entries.get(kind, {}).pop(key, None)
    return entries, len(data) - position


def _record(data: bytes, start: int) -> tuple[bytes, str, str, bytes, int] | None:
    end_of_head = data.find(b"\n", start, start + MAX_HEAD_BYTES)
    head = data[start:end_of_head].split(b" ") if end_of_head > 0 else []
    if len(head) != 3 or not all(text.isdigit() and len(text) <= MAX_LENGTH_DIGITS for text in head[1:]):
        return None
    sign, kind = head[0][:1], head[0][1:]
    key_start = end_of_head + 1
    key_end = key_start + int(head[1])
    value_end = key_end + 1 + int(head[2])
    marks = data[key_end : key_end + 1] + data[value_end : value_end + 1]
    if sign not in (b"+", b"-") or not kind or marks != b"\n\n":
        return None
    key = data[key_start:key_end].decode(errors="surrogateescape")
    return sign, kind.decode("latin-1"), key, data[key_end + 1 : value_end], value_end + 1
