"""What an alert has to tell, as plain structures and back: what the deliverer's outbox keeps."""

import json
from typing import Any

from vigild.core.alerting import Trouble
from vigild.core.digest import Digest, Telling
from vigild.wire.edges import edge_from_struct, edge_to_struct


def encode_trouble(trouble: Trouble) -> bytes:
    """An entry of an alert's book as bytes."""
    return _encode(
        {
            "edge": edge_to_struct(trouble.edge),
            "began": trouble.began,
            "heard_at": trouble.heard_at,
            "count": trouble.count,
            "news_since": trouble.news_since,
            "told_at": trouble.told_at,
            "ended": trouble.ended,
            "end_text": trouble.end_text,
            "lines": trouble.lines,
        }
    )


def decode_trouble(data: bytes) -> Trouble:
    """What `encode_trouble` made. Raises ValueError."""
    struct = _decode(data)
    try:
        return Trouble(
            edge=edge_from_struct(struct["edge"]),
            began=float(struct["began"]),
            heard_at=float(struct["heard_at"]),
            count=int(struct["count"]),
            news_since=float(struct["news_since"]),
            told_at=float(struct["told_at"]),
            ended=float(struct["ended"]),
            end_text=str(struct["end_text"]),
            lines=_lines(struct["lines"]),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"no trouble: {error!r}") from None


def encode_digest(digest: Digest) -> bytes:
    """A digest as bytes."""
    return _encode(
        {
            "alert": digest.alert,
            "identity": digest.identity,
            "at": digest.at,
            "tellings": [_telling_to_struct(telling) for telling in digest.tellings],
            "left_out": digest.left_out,
            "held_for": digest.held_for,
        }
    )


def decode_digest(data: bytes) -> Digest:
    """What `encode_digest` made. Raises ValueError."""
    struct = _decode(data)
    try:
        return Digest(
            str(struct["alert"]),
            str(struct["identity"]),
            float(struct["at"]),
            tuple(map(_telling_from_struct, struct["tellings"])),
            int(struct["left_out"]),
            str(struct["held_for"]),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"no digest: {error!r}") from None


def _telling_to_struct(telling: Telling) -> dict[str, object]:
    return {
        "edge": edge_to_struct(telling.edge),
        "began": telling.began,
        "count": telling.count,
        "ended": telling.ended,
        "end_text": telling.end_text,
        "was_told": telling.was_told,
        "is_reminder": telling.is_reminder,
        "lines": telling.lines,
    }


def _telling_from_struct(struct: Any) -> Telling:
    return Telling(
        edge_from_struct(struct["edge"]),
        float(struct["began"]),
        int(struct["count"]),
        float(struct["ended"]),
        str(struct["end_text"]),
        struct["was_told"] is True,
        struct["is_reminder"] is True,
        _lines(struct["lines"]),
    )


def _lines(struct: Any) -> dict[str, tuple[str, ...]]:
    return {str(channel): tuple(map(str, lines)) for channel, lines in struct.items()}


def _encode(struct: object) -> bytes:
    # Names and lines may hold halves of characters (bytes that are no UTF-8): ASCII escapes keep them.
    return json.dumps(struct, separators=(",", ":")).encode()


def _decode(data: bytes) -> Any:
    struct = json.loads(data)
    if not isinstance(struct, dict):
        raise ValueError("no object")
    return struct
