"""The certificates of one server, read again when their files change."""

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from vigild.host.late_ssl import import_ssl

if TYPE_CHECKING:
    import ssl

HANDSHAKE_SECONDS = 15.0

_Stamp = tuple[tuple[int, int, int], ...]


class Certificates:
    """`context()` is asked at each connection, so that a certificate that was renewed serves the next one.

    Files that cannot be used are said in the log, once for each state they are in; what was loaded before goes on.
    """

    def __init__(
        self,
        certfile: str,
        keyfile: str | None,
        client_ca_file: str | None,
        *,
        require_client: bool,
        log: Callable[[str, str], None],
    ) -> None:
        self._certfile, self._keyfile, self._client_ca_file = certfile, keyfile, client_ca_file
        self._require_client = require_client
        self._log = log
        self._stamp: _Stamp | None = None
        self._context: ssl.SSLContext | None = None

    def context(self) -> "ssl.SSLContext | None":
        """For the next connection; None while nothing could be loaded yet."""
        stamp = self._look()
        if stamp != self._stamp:
            renewed = self._stamp is not None
            self._stamp = stamp
            try:
                self._context = self._load()
            except (OSError, ValueError) as error:
                left = "those before go on" if self._context else "nobody can enter through this server"
                self._log("critical", f"cannot use the certificates of {self._certfile}: {error}; {left}")
            else:
                if renewed:
                    self._log("info", f"the certificates of {self._certfile} have changed and are read again")
        return self._context

    def _look(self) -> _Stamp:
        stamps = []
        for path in (self._certfile, self._keyfile, self._client_ca_file):
            try:
                about = os.stat(path) if path else None
            except OSError:
                about = None
            stamps.append((about.st_ino, about.st_mtime_ns, about.st_size) if about else (0, 0, 0))
        return tuple(stamps)

    def _load(self) -> "ssl.SSLContext":
        tls: Any = import_ssl()
        context: ssl.SSLContext = tls.SSLContext(tls.PROTOCOL_TLS_SERVER)
        context.minimum_version = tls.TLSVersion.TLSv1_2
        context.options |= tls.OP_NO_RENEGOTIATION | tls.OP_NO_COMPRESSION
        context.load_cert_chain(self._certfile, self._keyfile, password=_no_passphrase)
        if self._client_ca_file is not None:
            context.load_verify_locations(self._client_ca_file)
            context.verify_mode = tls.CERT_REQUIRED if self._require_client else tls.CERT_OPTIONAL
        return context


def _no_passphrase() -> str:
    # Without this OpenSSL would ask for it on the daemon's terminal, and wait.
    raise ValueError("the key has a passphrase, and nobody is there to be asked for it")


def names_in(certificate: dict[str, object] | None) -> tuple[str, ...]:
    """The subject's common names and the alternative names of a certificate, as `getpeercert` gives it."""
    if not certificate:
        return ()
    subject = cast(tuple[tuple[tuple[str, str], ...], ...], certificate.get("subject", ()))
    common = [value for part in subject for key, value in part if key == "commonName"]
    alternative = cast(tuple[tuple[str, str], ...], certificate.get("subjectAltName", ()))
    return (*common, *(str(value) for _, value in alternative))
