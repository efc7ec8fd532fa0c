"""A small HTTP/1.1 server: whom it serves is a handler's business, that it stays bounded is its own.

Import it (and with it h11) only when a server is opened: a daemon without one pays nothing.
"""

from vigild.fronts.serving.auth import Credentials as Credentials
from vigild.fronts.serving.gate import Gate as Gate
from vigild.fronts.serving.limits import Counters as Counters
from vigild.fronts.serving.limits import Limits as Limits
from vigild.fronts.serving.messages import Handler as Handler
from vigild.fronts.serving.messages import Request as Request
from vigild.fronts.serving.messages import Response as Response
from vigild.fronts.serving.messages import error_response as error_response
from vigild.fronts.serving.messages import text_response as text_response
from vigild.fronts.serving.server import Server as Server
from vigild.fronts.serving.server import open_server as open_server
