"""HTTP requests to receivers of what we tell: bounded in time and size, certificates verified, redirects not followed, proxies by the environment.

A redirect is not followed because what is sent is secret, and so mostly is where it is sent to. `https_proxy`, `http_proxy`
and `no_proxy` count as they do for other programs; the proxy is spoken to in plain HTTP, and HTTPS goes through it in a
tunnel that it cannot look into.
"""

import base64
import http.client
import os
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import field, replace
from email.utils import parsedate_to_datetime
from urllib.parse import quote, unquote, urlsplit

from vigild.core.frozen import frozen
from vigild.host.peers import CONNECT_SECONDS, RequestError, cut_socket, has_news, words_of

MAX_ANSWER_BYTES = 64 << 10
MAX_RETRY_SECONDS = 86400.0


@frozen
class Request:
    """What is sent. `url` is secret."""

    url: str = field(repr=False)
    body: bytes = field(default=b"", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    method: str = "POST"
    ca_file: str = ""
    cert_file: str = ""  # who we are, for a receiver that asks
    key_file: str = ""


@frozen
class Answer:
    """What came back; the body is the beginning of it."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body, whatever bytes it is of."""
        return self.body.decode("utf-8", "replace")

    @property
    def retry_after_seconds(self) -> float:
        """How long we were asked to wait: by `Retry-After` (seconds or a date), or by Feishu's header. 0: not asked."""
        text = self.headers.get("retry-after") or self.headers.get("x-ogw-ratelimit-reset") or ""
        try:
            seconds = (
                float(text) if text[:1].isdigit() else parsedate_to_datetime(text).timestamp() - time.time()
            )
        except (ValueError, TypeError):
            return 0.0
        return min(max(0.0, seconds), MAX_RETRY_SECONDS)


class HttpClient:
    """Requests to one place, one at a time, over a connection that is kept from one to the next."""

    def __init__(self) -> None:
        self._connection: http.client.HTTPConnection | None = None
        self._target = ""
        self._own_headers: dict[str, str] = {}  # for a proxy

    def exchange(self, request: Request, timeout_seconds: float) -> Answer:
        """Send it and read the answer, all within the time. Raises RequestError.

        Where a kept connection turns out to be closed at the other end before an answer begins, it is sent once more, over a new one.
        """
        deadline = time.monotonic() + timeout_seconds
        if self._connection is not None and (
            self._connection.sock is None or has_news(self._connection.sock)
        ):
            self.close()
        is_kept = self._connection is not None
        try:
            try:
                return self._exchange(request, deadline)
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
                if not is_kept:
                    raise
                self.close()
                return self._exchange(request, deadline)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.close()
            host = urlsplit(request.url).hostname or ""
            if time.monotonic() >= deadline - 0.005 or isinstance(error, TimeoutError):
                raise RequestError(f"{host} did not answer within {timeout_seconds:.0f} s") from None
            raise RequestError(f"{host}: {words_of(error)}") from None
        except RequestError:
            self.close()
            raise

    def _exchange(self, request: Request, deadline: float) -> Answer:
        left = max(0.01, deadline - time.monotonic())
        if self._connection is None:
            made_now = _connection(request, min(CONNECT_SECONDS, left))
            self._connection, self._target, self._own_headers = made_now
        connection = self._connection
        made: list[
            socket.socket
        ] = []  # the connection forgets its socket once an answer begins that is the last
        watchdog = threading.Timer(left, lambda: cut_socket(made[0] if made else connection.sock))
        watchdog.daemon = True
        try:
            watchdog.start()
            if connection.sock is None:
                connection.connect()
            made.append(connection.sock)
            connection.sock.settimeout(max(0.01, deadline - time.monotonic()))
            headers = {**self._own_headers, **request.headers}
            connection.request(request.method, self._target, request.body or None, headers)
            response = connection.getresponse()
            body = response.read(MAX_ANSWER_BYTES)
            if time.monotonic() >= deadline:
                raise TimeoutError
            if not response.isclosed():
                self.close()  # what is left of it would be taken for the next answer
            said = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, said, body)
        finally:
            watchdog.cancel()

    def close(self) -> None:
        """Let go of the connection; the next request makes one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def exchange(request: Request, timeout_seconds: float) -> Answer:
    """One request over a connection of its own. Raises RequestError."""
    client = HttpClient()
    try:
        return client.exchange(
            replace(request, headers={"Connection": "close", **request.headers}), timeout_seconds
        )
    finally:
        client.close()


def basic(user: str, password: str) -> dict[str, str]:
    """The header for a user and a password; none without."""
    if not user and not password:
        return {}
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def _connection(request: Request, timeout: float) -> tuple[http.client.HTTPConnection, str, dict[str, str]]:
    """A connection, not yet made, what is asked for on it, and headers for a proxy on the way."""
    parts = urlsplit(request.url)
    host, is_secure = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if is_secure else 80)
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    if parts.query:
        path += "?" + quote(parts.query, safe="/%:@!$&'()*+,;=~-._?[]{}")
    proxy = _proxy(parts.scheme, host)
    if proxy is None:
        if is_secure:
            return (
                http.client.HTTPSConnection(host, port, timeout=timeout, context=_context(request)),
                path,
                {},
            )
        return http.client.HTTPConnection(host, port, timeout=timeout), path, {}
    proxy_host, proxy_port, credentials = proxy
    if is_secure:
        secure = http.client.HTTPSConnection(
            proxy_host, proxy_port, timeout=timeout, context=_context(request)
        )
        secure.set_tunnel(host, port, credentials)
        return secure, path, {}
    plain = http.client.HTTPConnection(proxy_host, proxy_port, timeout=timeout)
    shown_host = f"[{host}]" if ":" in host else host
    return plain, f"http://{shown_host}:{port}{path}", credentials


def _proxy(scheme: str, host: str) -> tuple[str, int, dict[str, str]] | None:
    from urllib.request import getproxies_environment, proxy_bypass

    proxies = getproxies_environment()
    address = proxies.get(scheme) or proxies.get("all")
    if not address or proxy_bypass(host, proxies):
        return None
    parts = urlsplit(address if "://" in address else f"http://{address}")
    if parts.scheme != "http" or not parts.hostname:
        raise RequestError(f"the proxy in {scheme}_proxy is no http:// address: others are not supported")
    credentials = basic(unquote(parts.username or ""), unquote(parts.password or ""))
    renamed = {f"Proxy-{name}": value for name, value in credentials.items()}
    return parts.hostname, parts.port or 80, renamed


def _context(request: Request) -> ssl.SSLContext:
    return tls_context(request.ca_file, request.cert_file, request.key_file)


def tls_context(ca_file: str, cert_file: str = "", key_file: str = "") -> ssl.SSLContext:
    """Certificates and names are always verified: against the system's authorities, or those of `ca_file`.

    `cert_file`: what we show of ourselves, with its key in it or in `key_file`. Raises RequestError.
    """
    try:
        context = ssl.create_default_context(cafile=ca_file or None)
    except OSError as error:
        why = error.strerror or "it holds no certificate"
        raise RequestError(f"ca_file {os.path.basename(ca_file)}: {why}") from None
    if cert_file:
        try:
            # A key with a password must not make it ask for one on a terminal.
            context.load_cert_chain(cert_file, key_file or None, password="")
        except (ssl.SSLError, ValueError):
            why = "it and its key are of no use"
            raise RequestError(f"certificate {os.path.basename(cert_file)}: {why}") from None
        except OSError as error:
            why = error.strerror or "it cannot be read"
            raise RequestError(f"certificate {os.path.basename(cert_file)}: {why}") from None
    return context
