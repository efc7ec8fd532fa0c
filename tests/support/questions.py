"""Questions that a waiting test asks again and again, over the socket itself: a supervisorctl for each would cost
more than all that is waited for."""

import http.client
import xmlrpc.client
from pathlib import Path
from typing import Any

from support.http_get import UnixConnection


class UnansweredError(Exception):
    """Nobody answered, or not with a result; supervisorctl can say it in words."""


class NobodyListensError(UnansweredError):
    """Not yet, or no longer."""


def ask(socket: Path, method: str, *arguments: Any) -> Any:
    """The result of an XML-RPC method of the daemon at this socket. Raises UnansweredError, NobodyListensError."""
    connection = UnixConnection(socket)
    try:
        connection.request(
            "POST", "/RPC2", xmlrpc.client.dumps(arguments, method), {"Content-Type": "text/xml"}
        )
        answer = connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise UnansweredError(f"HTTP {answer.status}")
        return xmlrpc.client.loads(text)[0][0]
    except (FileNotFoundError, ConnectionError) as error:
        raise NobodyListensError(str(error)) from None
    except (OSError, http.client.HTTPException, xmlrpc.client.Fault) as error:
        raise UnansweredError(str(error)) from None
    finally:
        connection.close()
