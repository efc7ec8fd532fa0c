"""Names that code of the Python 2 and 3 days takes from here; heavy modules are imported when first asked for."""

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    pass

PY2 = False
long = int
unicode = str
basestring = str
unichr = chr
raw_input = input
maxint = sys.maxsize
StringTypes = (str,)

# name -> (module, attribute or '' for the module itself)
_LATE = {
    "xmlrpclib": ("xmlrpc.client", ""),
    "Fault": ("xmlrpc.client", "Fault"),
    "httplib": ("http.client", ""),
    "urlparse": ("urllib.parse", ""),
    "urllib": ("urllib.parse", ""),
    "StringIO": ("io", "StringIO"),
    "ConfigParser": ("configparser", ""),
    "HTMLParser": ("html.parser", "HTMLParser"),
    "htmlentitydefs": ("html.entities", ""),
    "escape": ("html", "escape"),
    "encodestring": ("base64", "encodebytes"),
    "decodestring": ("base64", "decodebytes"),
    "letters": ("string", "ascii_letters"),
    "md5": ("hashlib", "md5"),
    "sha1": ("hashlib", "sha1"),
    "syslog": ("syslog", ""),
    "thread": ("_thread", ""),
}


def as_bytes(s: str | bytes, encoding: str = "utf8") -> bytes:
    """Bytes, of text or of bytes."""
    return s if isinstance(s, bytes) else s.encode(encoding)


def as_string(s: str | bytes, encoding: str = "utf8") -> str:
    """Text, of text or of bytes."""
    return s if isinstance(s, str) else s.decode(encoding)


def is_text_stream(stream: object) -> bool:
    """True for a stream that takes text, not bytes."""
    import io

    return isinstance(stream, io.TextIOBase)


def import_spec(spec: str) -> Any:
    """The object that `module:name` names. ImportError, AttributeError."""
    from importlib import import_module

    module, _, names = spec.partition(":")
    found: Any = import_module(module.strip())
    for name in filter(None, names.partition("[")[0].strip().split(".")):
        found = getattr(found, name)
    return found


def resource_filename(package: str, path: str) -> str:
    """Where a file of a package is."""
    import importlib.resources

    return str(importlib.resources.files(package).joinpath(path))


def __getattr__(name: str) -> Any:
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    module, attribute = _LATE[name]
    value = import_module(module)
    if attribute:
        value = getattr(value, attribute)
    globals()[name] = value
    return value
