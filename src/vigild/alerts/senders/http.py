"""One HTTP request: bounded in time and size, certificates verified, redirects not followed, proxies by the environment.

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
from dataclasses import field
from email.utils import parsedate_to_datetime
from urllib.parse import quote, unquote, urlsplit

from vigild.alerts.sending import Outcome
from vigild.core.frozen import frozen

MAX_ANSWER_BYTES = 64 << 10
CONNECT_SECONDS = 10.0
MAX_RETRY_SECONDS = 86400.0
USER_AGENT = "vigil-alerts"
_RETRIED = frozenset({407, 408, 421, 423, 425, 429})  # 407: the proxy, not the receiver


class RequestError(Exception):
    """Nothing came back, in words; it may at another time."""


@frozen
class Request:
    """What is sent. `url` is secret."""

    url: str = field(repr=False)
    body: bytes = field(default=b"", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    method: str = "POST"
    ca_file: str = ""


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


def exchange(request: Request, timeout_seconds: float) -> Answer:
    """Send it and read the answer, all within the time. Raises RequestError."""
    parts = urlsplit(request.url)
    host = parts.hostname or ""
    deadline = time.monotonic() + timeout_seconds
    connection, target = _connection(request, min(CONNECT_SECONDS, timeout_seconds))
    made: list[socket.socket] = []  # the connection forgets its socket once the answer begins
    watchdog = threading.Timer(timeout_seconds, lambda: cut_socket(made[0] if made else connection.sock))
    watchdog.daemon = True
    try:
        watchdog.start()
        headers = {"User-Agent": USER_AGENT, "Connection": "close", **request.headers}
        connection.connect()
        made.append(connection.sock)
        connection.sock.settimeout(max(0.01, deadline - time.monotonic()))
        connection.request(request.method, target, request.body or None, headers)
        response = connection.getresponse()
        body = response.read(MAX_ANSWER_BYTES)
        if time.monotonic() >= deadline:
            raise TimeoutError
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, body)
    except (OSError, http.client.HTTPException, ValueError) as error:
        if time.monotonic() >= deadline - 0.005 or isinstance(error, TimeoutError):
            raise RequestError(f"{host} did not answer within {timeout_seconds:.0f} s") from None
        raise RequestError(f"{host}: {_words(error)}") from None
    finally:
        watchdog.cancel()
        connection.close()


def verdict(answer: Answer) -> Outcome | None:
    """What the status alone says; None where it is a success and the body decides."""
    if 200 <= answer.status < 300:
        return None
    text = f"HTTP status {answer.status}: {answer.text}"
    if 300 <= answer.status < 400:
        text = f"it wants to redirect us (HTTP status {answer.status}), which is not followed: write the final address"
    permanent = 400 <= answer.status < 500 and answer.status not in _RETRIED
    return Outcome(False, permanent, text, answer.retry_after_seconds)


def basic(user: str, password: str) -> dict[str, str]:
    """The header for a user and a password; none without."""
    if not user and not password:
        return {}
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def _connection(request: Request, timeout: float) -> tuple[http.client.HTTPConnection, str]:
    """A connection, not yet made, and what is asked for on it."""
    parts = urlsplit(request.url)
    host, is_secure = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if is_secure else 80)
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    if parts.query:
        path += "?" + quote(parts.query, safe="/%:@!$&'()*+,;=~-._?[]{}")
    proxy = _proxy(parts.scheme, host)
    if proxy is None:
        if is_secure:
            return http.client.HTTPSConnection(host, port, timeout=timeout, context=_context(request)), path
        return http.client.HTTPConnection(host, port, timeout=timeout), path
    proxy_host, proxy_port, credentials = proxy
    if is_secure:
        secure = http.client.HTTPSConnection(
            proxy_host, proxy_port, timeout=timeout, context=_context(request)
        )
        secure.set_tunnel(host, port, credentials)
        return secure, path
    plain = http.client.HTTPConnection(proxy_host, proxy_port, timeout=timeout)
    shown_host = f"[{host}]" if ":" in host else host
    return plain, f"http://{shown_host}:{port}{path}"


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
    return tls_context(request.ca_file)


def tls_context(ca_file: str) -> ssl.SSLContext:
    """Certificates and names are always verified: against the system's authorities, or those of `ca_file`."""
    try:
        return ssl.create_default_context(cafile=ca_file or None)
    except OSError as error:
        why = error.strerror or "it holds no certificate"
        raise RequestError(f"ca_file {os.path.basename(ca_file)}: {why}") from None


def cut_socket(sock: socket.socket | None) -> None:
    """End both directions of a socket from another thread; TLS is not asked."""
    if sock is not None:
        try:
            socket.socket.shutdown(sock, socket.SHUT_RDWR)
        except OSError:
            pass


def _words(error: Exception) -> str:
    """What went wrong on the way, without anything that we sent."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed: {error.reason or type(error).__name__}"
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return f"it does not speak HTTP as it should ({type(error).__name__})"
