"""The JSON interface of a real daemon, fuzzed from its own OpenAPI document.

Every answer must be one that the document tells of (status, media type, shape); what the document does not allow
must be refused; and nothing may be a defect: the daemon's log is looked at in the end.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from support.daemon import Daemon
from support.http_get import get
from support.ports import free_port
from support.until import DEADLINE_SECONDS

CONF = """\
[inet_http_server]
port=127.0.0.1:{port}
[program:web]
command=cat
stdout_logfile={tmp}/web.log
[program:pair]
command=cat
process_name=%(process_num)s
numprocs=2
environment=KEY="secret"
[program:bad]
command=sh -c 'exit 3'
startretries=1
[program:job]
command=true
schedule=0 3 * * *
startsecs=0
[monitor:disk]
type=filesystem
path={tmp}
rules=if space_percent > 99 then alert
[alert:file]
url=exec:cat
"""
ENDLESS = ("/events", "/follow")  # streams
ENDING = ("/daemon/shutdown", "/daemon/restart", "/daemon/upgrade")
EXAMPLES = {GenerationMode.POSITIVE: 15, GenerationMode.NEGATIVE: 15}


def refuses_what_is_wrong(
    ctx: schemathesis.CheckContext, response: schemathesis.Response, case: schemathesis.Case
) -> bool | None:
    """What is too large is refused before anybody looks at what it says."""
    return None if response.status_code == 413 else negative_data_rejection(ctx, response, case)


CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    refuses_what_is_wrong,
)


@contextmanager
def running(tmp: Path) -> Iterator[tuple[Daemon, str]]:
    port = free_port()
    with Daemon(tmp, CONF.format(port=port, tmp=tmp)) as daemon:
        daemon.wait_state("web", "RUNNING")
        yield daemon, f"http://127.0.0.1:{port}/api/v1"


@pytest.mark.slow
@pytest.mark.parametrize("mode", list(EXAMPLES), ids=lambda mode: mode.value)
def test_every_endpoint_keeps_its_word(tmp_path: Path, mode: GenerationMode) -> None:
    with running(tmp_path) as (daemon, address):
        schema = schemathesis.openapi.from_dict(get(daemon.socket, "/api/v1/openapi.json").json)
        count = 0
        for found in schema.get_all_operations():
            operation = found.ok()
            if operation.path.endswith(ENDLESS) or operation.path in ENDING:
                continue
            count += 1

            @settings(
                max_examples=EXAMPLES[mode],
                deadline=None,
                derandomize=True,
                database=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(case=operation.as_strategy(generation_mode=mode))
            def ask(case: schemathesis.Case) -> None:
                case.call_and_validate(base_url=address, checks=list(CHECKS), timeout=DEADLINE_SECONDS)

            try:
                ask()
            except Exception as error:
                if "Unsatisfiable" not in type(error).__name__:
                    raise
        assert count > 30
        assert 200 == get(daemon.socket, "/api/v1/daemon").status
        log = (tmp_path / "supervisord.log").read_text()
        assert "defect" not in log
        assert "Traceback" not in log
