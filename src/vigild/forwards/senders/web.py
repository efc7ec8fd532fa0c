"""Batches to Loki, or to whatever speaks OTLP over HTTP: one request each, over a connection that is kept."""

import gzip
import re
import time
from collections.abc import Mapping

from vigild import __version__
from vigild.core.backlog import Batch
from vigild.core.forwarding import DELIVERED, Outcome, Verdict
from vigild.host.http_client import Answer, HttpClient, Request, basic
from vigild.host.peers import RequestError
from vigild.wire import loki, otlp
from vigild.wire.forward_urls import Kind, Web
from vigild.wire.loki import LokiWriter
from vigild.wire.otlp import OtlpWriter
from vigild.wire.plain_lines import line_without

TIMEOUT_SECONDS = 30.0
GZIP_FROM_BYTES = 1024  # below, it does not pay
GZIP_LEVEL = 1  # half the size of the next best at a third of the time
USER_AGENT = f"vigil-forwards/{__version__}"
# What is wrong on our side or on the way, and can be mended while lines wait: an address, a token, a proxy.
_MENDABLE = frozenset({401, 402, 403, 404, 405, 407, 408, 409, 410, 421, 423, 425, 429})
_PIECE = re.compile(r"[^/?&=:@#\s]{8,}")


class WebSender:
    """See `forwards/sending.py`."""

    arrival = "it was taken"

    def __init__(self, target: Web, host: str, labels: Mapping[str, str]) -> None:
        self._target = target
        self._client = HttpClient()
        self._loki = LokiWriter(host, labels, target.level_prefix) if target.kind is Kind.LOKI else None
        self._otlp = OtlpWriter(host, labels, target.level_prefix, __version__)
        self.line_bytes = loki.LINE_BYTES if self._loki is not None else otlp.LINE_BYTES
        self._headers = _headers(target)
        self._secrets = secrets_of(target)

    def send(self, batch: Batch) -> Outcome:
        """Bring these lines there."""
        if self._loki is not None:
            body = self._loki.body(batch.blocks)
        else:
            body = self._otlp.body(batch.blocks, time.time_ns())
        headers = self._headers
        if self._target.gzip and len(body) >= GZIP_FROM_BYTES:
            body = gzip.compress(body, GZIP_LEVEL, mtime=0)
            headers = {**headers, "Content-Encoding": "gzip"}
        tls = self._target.tls
        request = Request(
            self._target.url,
            body,
            headers,
            ca_file=tls.ca_file,
            cert_file=tls.cert_file,
            key_file=tls.key_file,
        )
        try:
            answer = self._client.exchange(request, TIMEOUT_SECONDS)
        except RequestError as error:
            return Outcome(Verdict.LATER, self._hidden(str(error)))
        return self._outcome(answer, batch.lines)

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()

    def _outcome(self, answer: Answer, lines: int) -> Outcome:
        if 200 <= answer.status < 300:
            count, why = otlp.rejected(answer.body) if self._loki is None else (0, "")
            if count:
                text = self._hidden(f"it did not take {count} of {lines} lines: {why}")
                return Outcome(Verdict.DELIVERED, text, refused_lines=min(count, lines))
            return DELIVERED
        text = self._hidden(f"HTTP status {answer.status}: {answer.text}")
        if 300 <= answer.status < 400:
            text = f"it wants to redirect us (HTTP status {answer.status}), which is not followed: write the final address"
        elif answer.status == 413:
            return Outcome(Verdict.TOO_LARGE, text)
        elif 400 <= answer.status < 500 and answer.status not in _MENDABLE:
            return Outcome(Verdict.REFUSED, text)
        return Outcome(Verdict.LATER, text, retry_after_seconds=answer.retry_after_seconds)

    def _hidden(self, text: str) -> str:
        return line_without(text, self._secrets)


def secrets_of(target: Web) -> tuple[str, ...]:
    """All that nobody may see of it, the longest first."""
    path = target.url.partition("://")[2].partition("/")[2]
    found = {target.password, target.token, *(value for _, value in target.headers), *_PIECE.findall(path)}
    # As they cross the network: there are receivers that repeat the headers they were sent.
    found |= {value.partition(" ")[2] for value in basic(target.user, target.password).values()}
    return tuple(sorted(filter(None, found), key=len, reverse=True))


def _headers(target: Web) -> dict[str, str]:
    headers = {"User-Agent": USER_AGENT, "Content-Type": "application/json"}
    headers.update(basic(target.user, target.password))
    if target.token:
        headers["Authorization"] = f"Bearer {target.token}"
    if target.tenant:
        headers["X-Scope-OrgID"] = target.tenant
    headers.update(target.headers)
    return headers
