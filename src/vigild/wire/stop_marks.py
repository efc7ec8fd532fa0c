"""The file of what operators stopped by hand: JSON that a person can read and mend.

{"vigil": 1, "configuration": "/etc/supervisord.conf", "identifier": "supervisor",
 "stopped": {"web": {"by": "hand", "at": "2026-03-01T09:30:00+00:00"}}}
"""

from collections.abc import Mapping

from vigild.core.stop_marks import Cause, StopMark

VERSION = 1


def encode_marks(marks: Mapping[str, StopMark], configuration: str, identifier: str) -> bytes:
    """Marks by namespec as the file's text."""
    import json
    from datetime import UTC, datetime

    stopped = {
        namespec: {
            "by": mark.cause.value,
            "at": datetime.fromtimestamp(mark.at, UTC).isoformat(timespec="seconds"),
        }
        for namespec, mark in sorted(marks.items())
    }
    document = {
        "vigil": VERSION,
        "configuration": configuration,
        "identifier": identifier,
        "stopped": stopped,
    }
    return json.dumps(document, indent=2).encode() + b"\n"


def decode_marks(data: bytes) -> dict[str, StopMark]:
    """Marks by namespec. Raises ValueError, in words, when this is no such file."""
    import json
    from datetime import datetime

    try:
        document = json.loads(data)
        if document["vigil"] != VERSION:
            raise ValueError(f"it is of version {document['vigil']!r}, and this Vigil knows {VERSION}")
        return {
            str(namespec): StopMark(Cause(entry["by"]), datetime.fromisoformat(entry["at"]).timestamp())
            for namespec, entry in document["stopped"].items()
        }
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"it is no list of stopped programs ({type(error).__name__}: {error})") from None
