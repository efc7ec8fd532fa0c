"""The file of schedules: how each stood last, as JSON that a person can read.

{"vigil": 1, "configuration": "/etc/supervisord.conf", "identifier": "supervisor",
 "schedules": {"backup": {"plan": "30 4 * * *", "handled": 1700000000.0, "outcome": "succeeded", …}}}
"""

import json
from collections.abc import Mapping

VERSION = 1


def encode_schedules(states: Mapping[str, object], configuration: str, identifier: str) -> bytes:
    """Plain values by namespec as the file's text."""
    document = {
        "vigil": VERSION,
        "configuration": configuration,
        "identifier": identifier,
        "schedules": dict(states),
    }
    return json.dumps(document, indent=2).encode() + b"\n"


def decode_schedules(data: bytes) -> dict[str, object]:
    """Plain values by namespec. Raises ValueError, in words, when this is no such file."""
    try:
        document = json.loads(data)
        if document["vigil"] != VERSION:
            raise ValueError(f"it is of version {document['vigil']!r}, and this Vigil knows {VERSION}")
        return {str(namespec): state for namespec, state in document["schedules"].items()}
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"it is no list of schedules ({type(error).__name__}: {error})") from None
