"""What Vigil calls itself where a client of Supervisor asks: clients compare these, so they are pinned."""

SUPERVISOR_VERSION = "4.3.0"
"""The release of Supervisor whose behaviour is promised; `getSupervisorVersion` answers this."""

API_VERSION = "3.0"
"""Version of the XML-RPC interface; `getAPIVersion` (and the old `getVersion`) answer this."""
