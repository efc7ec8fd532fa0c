"""How a client proves who it is over TCP, and whom it believes over TLS.

The environment says it, or `[supervisorctl]`; never an argument, which every user of the machine can read.
"""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import ssl

MAX_TOKEN_BYTES = 4096


class Trust(NamedTuple):
    """`ca_file`: certificates to believe instead of the system's. `certfile` and `keyfile`: our own."""

    token: str | None = None
    ca_file: str | None = None
    certfile: str | None = None
    keyfile: str | None = None

    def __repr__(self) -> str:
        return f"Trust({'with' if self.token else 'without'} a token, {self.ca_file}, {self.certfile})"

    def context(self) -> "ssl.SSLContext":
        """For a connection. Raises OSError."""
        import ssl

        context = ssl.create_default_context(cafile=self.ca_file)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self.certfile is not None:
            context.load_cert_chain(self.certfile, self.keyfile)
        return context


NO_TRUST = Trust()


def trust_from(environ: Mapping[str, str], settings: Mapping[str, str | None] | None = None) -> Trust:
    """From `VIGIL_TOKEN`, `VIGIL_TOKEN_FILE`, `VIGIL_CA_FILE`, `VIGIL_CERTFILE` and `VIGIL_KEYFILE`, else `settings`
    (`token_file`, `ca_file`, `certfile`, `keyfile`). ValueError for a token that cannot be read."""

    def of(name: str) -> str | None:
        return environ.get(f"VIGIL_{name.upper()}") or (settings or {}).get(name) or None

    token = environ.get("VIGIL_TOKEN") or None
    path = of("token_file")
    if token is None and path is not None:
        token = _read(os.path.expanduser(path))
    return Trust(token, of("ca_file"), of("certfile"), of("keyfile"))


def _read(path: str) -> str:
    try:
        with open(path, "rb") as file:
            token = file.read(MAX_TOKEN_BYTES).decode("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"cannot read the token in {path}: {error}") from None
    if not token.isprintable() or not token:
        raise ValueError(f"there is no token in {path}")
    return token
