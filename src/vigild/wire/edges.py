"""Edges as plain structures and back: what the daemon's journal keeps, and what its alert deliverer is told.

What another version wrote is read as far as it is understood: unknown fields are left out, missing ones have their
usual values. Only what makes an edge of no use at all is an error.
"""

import json
from collections.abc import Mapping

from vigild.core.edges import Edge, EdgeKind, Severity
from vigild.core.history import OutputEnd

Struct = dict[str, object]


def edge_to_struct(edge: Edge) -> Struct:
    """An edge as JSON knows it."""
    struct: Struct = {
        "at": edge.at,
        "kind": edge.kind.value,
        "severity": edge.severity.value,
        "source": edge.source,
        "name": edge.name,
        "trouble": edge.trouble,
        "text": edge.text,
        "details": edge.details,
    }
    if edge.outputs:
        struct["outputs"] = [
            {
                "channel": end.channel,
                "path": end.path,
                "device": end.device,
                "inode": end.inode,
                "size": end.size,
                **({"begin": end.begin} if end.begin else {}),
            }
            for end in edge.outputs
        ]
    if edge.quiet:
        struct["quiet"] = True
    return struct


def edge_from_struct(struct: Mapping[str, object]) -> Edge:
    """What `edge_to_struct` made. Raises ValueError, which says what is wrong with it."""
    try:
        details = struct.get("details", {})
        outputs = struct.get("outputs", [])
        return Edge(
            at=float(_one_of(struct, "at", int, float)),
            kind=EdgeKind(_text(struct, "kind")),
            severity=Severity(_text(struct, "severity")),
            source=_text(struct, "source"),
            name=_text(struct, "name"),
            trouble=_text(struct, "trouble"),
            text=_text(struct, "text"),
            details=dict(details) if isinstance(details, dict) else {},
            outputs=tuple(map(_output, outputs)) if isinstance(outputs, list) else (),
            quiet=struct.get("quiet") is True,
        )
    except KeyError as error:
        raise ValueError(f"an edge without {error.args[0]}") from None


def encode_edge(edge: Edge) -> bytes:
    """An edge as bytes."""
    return json.dumps(edge_to_struct(edge), separators=(",", ":")).encode()


def decode_edge(data: bytes) -> Edge:
    """What `encode_edge` made. Raises ValueError."""
    struct = json.loads(data)
    if not isinstance(struct, dict):
        raise ValueError("an edge that is no object")
    return edge_from_struct(struct)


def _output(struct: object) -> OutputEnd:
    if not isinstance(struct, dict):
        raise ValueError("an output that is no object")
    return OutputEnd(
        _text(struct, "channel"),
        _text(struct, "path"),
        int(_one_of(struct, "device", int)),
        int(_one_of(struct, "inode", int)),
        int(_one_of(struct, "size", int)),
        int(_one_of({"begin": 0, **struct}, "begin", int)),
    )


def _text(struct: Mapping[str, object], name: str) -> str:
    value = struct[name]
    if not isinstance(value, str):
        raise ValueError(f"{name} of an edge is no text: {value!r}")
    return value


def _one_of(struct: Mapping[str, object], name: str, *types: type[float]) -> float:
    value = struct[name]
    if not isinstance(value, types) or isinstance(value, bool):
        raise ValueError(f"{name} of an edge is no number: {value!r}")
    return value
