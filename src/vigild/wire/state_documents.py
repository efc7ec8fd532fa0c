"""How things stood last, by their names, as JSON that a person can read: the files of schedules and of paused monitors.

{"vigil": 1, "configuration": "/etc/supervisord.conf", "identifier": "supervisor",
 "schedules": {"backup": {"plan": "30 4 * * *", "handled": 1700000000.0, "outcome": "succeeded", …}}}
"""

import json
from collections.abc import Mapping

VERSION = 1
SCHEDULES = "schedules"
MONITORS = "monitors"


def encode_states(what: str, states: Mapping[str, object], configuration: str, identifier: str) -> bytes:
    """Plain values by name as the file's text. `what` they are: SCHEDULES, MONITORS."""
    document = {
        "vigil": VERSION,
        "configuration": configuration,
        "identifier": identifier,
        what: dict(states),
    }
    return json.dumps(document, indent=2).encode() + b"\n"


def decode_states(what: str, data: bytes) -> dict[str, object]:
    """Plain values by name. Raises ValueError, in words, when this is no such file."""
    try:
        document = json.loads(data)
        if document["vigil"] != VERSION:
            raise ValueError(f"it is of version {document['vigil']!r}, and this Vigil knows {VERSION}")
        return {str(name): state for name, state in document[what].items()}
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"it is no list of {what} ({type(error).__name__}: {error})") from None
