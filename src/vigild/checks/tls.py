"""Connections with TLS, and what their certificate is worth.

A certificate that cannot be verified fails the check, but how long it lasts is told all the same: a second connection,
which trusts anybody and over which nothing is sent, shows it.
"""

import asyncio
import ssl
import time

from vigild.checks.hosts import WrongAnswerError
from vigild.checks.reading import Values
from vigild.wire.certificate import CertificateError, expires_at

DAY_SECONDS = 86_400


class Trust:
    """What is asked of the server `host`. `ca`: a file of certificates to trust instead of the system's; "": those."""

    def __init__(self, host: str, port: int, ca: str, *, verifies: bool) -> None:
        self._host = host
        self._port = port
        self._ca = ca
        self._verifies = verifies

    async def connect(self, address: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, Values]:
        """Streams, and what is known of the certificate. Raises OSError, WrongAnswerError."""
        if not self._verifies:
            reader, writer = await self._open(address, _trusting_anybody())
            return reader, writer, _days_of(writer)
        # Made anew each time: the files of the authorities may have been replaced.
        context = ssl.create_default_context(cafile=self._ca or None)
        try:
            reader, writer = await self._open(address, context)
        except ssl.SSLCertVerificationError as error:
            text = f"the certificate cannot be verified: {error.verify_message}"
            raise WrongAnswerError(text, await self._look(address)) from None
        return reader, writer, {"certificate_valid": True, **_days_of(writer)}

    async def _look(self, address: str) -> Values:
        values: Values = {"certificate_valid": False}
        try:
            _, writer = await self._open(address, _trusting_anybody())
        except OSError:
            return values
        values |= _days_of(writer)
        writer.transport.abort()
        return values

    async def _open(
        self, address: str, context: ssl.SSLContext
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(address, self._port, ssl=context, server_hostname=self._host)


def _trusting_anybody() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _days_of(writer: asyncio.StreamWriter) -> Values:
    tls: ssl.SSLObject | None = writer.get_extra_info("ssl_object")
    der = tls.getpeercert(binary_form=True) if tls is not None else None
    try:
        left = expires_at(der or b"") - time.time()
    except CertificateError:
        return {}
    return {"certificate_days": round(left / DAY_SECONDS, 2)}
