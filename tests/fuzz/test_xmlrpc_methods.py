"""Every XML-RPC method with arguments of any kind: an answer or a fault, never a defect, and no order by accident."""

import asyncio
import xmlrpc.client
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.api import ADMIN, Api
from support.fakes import group, program
from vigild.core.access import current_caller
from vigild.fronts.serving.messages import Request
from vigild.fronts.xmlrpc import make_handler
from vigild.fronts.xmlrpc.dispatch import Dispatcher

TEXT = st.one_of(
    st.sampled_from(
        ["web", "pair:a", "pair:*", "*", "", ":", "web:web", "stdout", "TERM", "0", "/etc/passwd", "..", "{}"]
    ),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20),
)
VALUES = st.recursive(
    st.one_of(
        TEXT,
        st.integers(-(2**31), 2**31 - 1),
        st.booleans(),
        st.floats(allow_nan=False, allow_infinity=False),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXT, inner, max_size=3)),
    max_leaves=5,
)


def test_any_arguments(tmp_path: Path) -> None:
    api = Api(
        tmp_path,
        group(program("web", start_seconds=0)),
        group(program("a", start_seconds=0), program("b", autostart=False), name="pair"),
    )
    handler = make_handler(api.control, {})
    names = sorted(Dispatcher(api.control, {}).table)

    async def call(method: str, params: list[object]) -> None:
        body = xmlrpc.client.dumps(tuple(params), method, allow_none=False).encode()
        headers = (("content-length", str(len(body))),)
        current_caller.set(ADMIN)
        task = asyncio.ensure_future(
            handler(Request("POST", "/RPC2", "/RPC2", "", headers, body, "unix:uid=0", ADMIN))
        )
        for _ in range(30):
            await asyncio.sleep(0)
            api.world.clock.advance()
        if not task.done():  # it waits for a process that nobody ends here
            task.cancel()
            return
        response = task.result()
        assert 200 == response.status
        assert isinstance(response.body, bytes)
        said = ""
        try:
            xmlrpc.client.loads(response.body)
        except xmlrpc.client.Fault as fault:
            said = fault.faultString
        assert "defect" not in said
        assert "Traceback" not in said

    @settings(
        max_examples=400,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(st.sampled_from(names), st.lists(VALUES, max_size=4))
    def run(method: str, params: list[object]) -> None:
        asyncio.run(call(method, params))

    run()
    assert len(names) > 50
