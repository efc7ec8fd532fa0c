"""Logs over the JSON interface."""

import asyncio
from pathlib import Path

import pytest

from support.api import Api
from support.fakes import group, program
from vigild.config.model import StreamConfig
from vigild.fronts.api.nouns import logs


def api(tmp: Path, text: bytes = b"one\ntwo\nthree\n") -> Api:
    (tmp / "out.log").write_bytes(text)
    web = program(
        "web", start_seconds=0, stdout=StreamConfig(str(tmp / "out.log")), stderr=StreamConfig(None)
    )
    return Api(tmp, group(web))


def test_parts(tmp_path: Path) -> None:
    there = api(tmp_path)
    assert "two\nthree\n" == there.ask("GET", "/processes/web/logs/stdout?lines=2").json["text"]
    part = there.ask("GET", "/processes/web/logs/stdout?offset=4&length=4").json
    assert ("two\n", 4, 8, 14) == (part["text"], part["offset"], part["next_offset"], part["size"])
    assert [("stdout", 14)] == [
        (one["channel"], one["size"]) for one in there.ask("GET", "/processes/web/logs").json["logs"]
    ]


def test_what_cannot_be_read(tmp_path: Path) -> None:
    there = api(tmp_path)
    assert there.ask("GET", "/processes/web/logs/stderr").code == "no_file"
    assert there.ask("GET", "/processes/web/logs/stdin").code == "invalid_argument"
    assert there.ask("GET", "/processes/nobody/logs/stdout").code == "no_such_name"
    assert there.ask("GET", "/processes/..%2F..%2Fetc%2Fpasswd/logs/stdout").code == "no_such_name"
    assert there.ask("GET", "/daemon/log").code == "no_file"
    (tmp_path / "out.log").unlink()
    (tmp_path / "out.log").symlink_to("/etc/passwd")
    for what in ("", "/search?text=root", "/download", "/follow"):
        assert there.ask("GET", f"/processes/web/logs/stdout{what}").code == "no_file"
    assert [] == there.ask("GET", "/processes/web/logs").json["logs"]


def test_search(tmp_path: Path) -> None:
    there = api(tmp_path)
    told = there.ask("GET", "/processes/web/logs/stdout/search?text=T&ignore_case=true").json
    assert ["three", "two"] == [one["text"] for one in told["matches"]]
    assert 0 == there.ask("GET", "/processes/web/logs/stdout/search?text=one&before=99").json["next_before"]
    assert [] == there.ask("GET", "/processes/web/logs/stdout/search").json["matches"]


@pytest.mark.parametrize(
    ("query", "header", "expected"),
    [
        ("?lines=1", "", "three"),
        ("?offset=4", "", "two"),
        ("", "KEY:8", "three"),
        ("?lines=0", "other:8", ""),
    ],
)
def test_following(tmp_path: Path, query: str, header: str, expected: str) -> None:
    there = api(tmp_path)
    key = there.ask("GET", "/processes/web/logs/stdout").json["file"]

    async def run() -> None:
        headers = {"last-event-id": header.replace("KEY", key)} if header else {}
        reply = await there.asked("GET", f"/processes/web/logs/stdout/follow{query}", headers=headers)
        assert "text/event-stream; charset=utf-8" == reply.headers["Content-Type"]
        body = reply.response.body
        assert not isinstance(body, bytes)
        if expected:
            assert f'"text":"{expected}'.encode() in await anext(body)
        await body.aclose()  # type: ignore[attr-defined]

    asyncio.run(run())


def test_download_is_byte_for_byte(tmp_path: Path) -> None:
    data = bytes(range(256)) * 1000
    there = api(tmp_path, data)

    async def run() -> None:
        reply = await there.asked("GET", "/processes/web/logs/stdout/download")
        assert 'attachment; filename="web-stdout.log"' == reply.headers["Content-Disposition"]
        body = reply.response.body
        assert not isinstance(body, bytes)
        assert data == b"".join([piece async for piece in body])
        await body.aclose()  # type: ignore[attr-defined]

    asyncio.run(run())


def test_the_daemons_own(tmp_path: Path) -> None:
    there = api(tmp_path)
    there.main_log.write_text("a\nb\n")
    assert "b\n" == there.ask("GET", "/daemon/log?lines=1").json["text"]
    assert 204 == there.ask("POST", "/daemon/log/clear").status
    assert b"" == there.main_log.read_bytes()
    assert 204 == there.ask("POST", "/processes/web/logs/clear").status
    assert ("GET", "/processes/{name}/logs") == (logs.ENDPOINTS[0].method, logs.ENDPOINTS[0].path)
