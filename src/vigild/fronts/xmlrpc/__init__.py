"""The XML-RPC front: `POST /RPC2` over a fixed table of methods."""

from vigild.fronts.xmlrpc.front import make_handler as make_handler
from vigild.fronts.xmlrpc.interfaces import MAIN_INTERFACE as MAIN_INTERFACE
from vigild.fronts.xmlrpc.interfaces import Interface as Interface
from vigild.fronts.xmlrpc.interfaces import InterfaceError as InterfaceError
from vigild.fronts.xmlrpc.interfaces import InterfaceHost as InterfaceHost
from vigild.fronts.xmlrpc.interfaces import load_interface as load_interface
