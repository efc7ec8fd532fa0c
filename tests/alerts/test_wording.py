from dataclasses import replace
from datetime import UTC

import pytest

from support.messages import AT, HOSTILE, ORIGIN, edge, message, telling
from vigild.alerts.languages import LANGUAGES, duration, headline, words
from vigild.alerts.wording import is_good_news, mark_of, message_of, short_text
from vigild.core.digest import Digest, Telling
from vigild.core.edges import EdgeKind, Severity
from vigild.wire.plain_lines import MAX_LINE_CHARS, plain_line

CRASH: dict[str, object] = {"signal": "SIGSEGV", "core": True, "ran": 62.0, "before": 3, "restart_in": 5.0}


def test_one_program_that_is_down() -> None:
    crashed = Telling(
        edge("web:api", text="web:api was killed by SIGSEGV after 62 s, and left a core", **CRASH),
        AT,
        3,
        lines={"stdout": ("out",), "stderr": ("boom", "at x")},
    )
    told = message(crashed)
    assert "[db1] web:api is down" == told.title
    assert told.text == (
        "web:api is down\n"
        "  web:api was killed by SIGSEGV after 62 s, and left a core\n"
        "  since 2023-11-14 22:13:20 +0000\n"
        "  3 times since the last message\n"
        "  last lines of stderr:\n"
        "  | boom\n"
        "  | at x\n"
        "\n"
        "host db1, daemon supervisor"
    )
    assert ("id-1", "ops", Severity.CRITICAL) == (told.identity, told.alert, told.severity)


def test_a_scheduled_run_that_was_skipped_has_not_failed() -> None:
    skipped = Telling(edge("job", EdgeKind.SCHEDULE), AT)
    assert "[db1] job: a scheduled run did not begin" == message(skipped).title


def test_what_was_given_up_for_flapping_has_not_failed_to_start_in_chinese_either() -> None:
    flapped = Telling(edge("mem", EdgeKind.FATAL, reason="Flapping: restarted 3 times", tries=1), AT)
    told = message(flapped, language="zh")
    assert "[db1] mem 已放弃启动（FATAL）" == told.title
    assert "Flapping: restarted 3 times" in told.text
    assert "已尝试启动" not in told.text
    unstarted = Telling(edge("mem", EdgeKind.FATAL, tries=4), AT)
    assert "已尝试启动 4 次" in message(unstarted, language="zh").text


def test_the_same_in_chinese() -> None:
    told = message(telling("web:api", lines=("boom",), **CRASH), language="zh")
    assert "[db1] web:api 已停止运行" == told.title
    assert told.text == (
        "web:api 已停止运行\n"
        "  被信号 SIGSEGV 终止，运行了 1 分 2 秒，已生成 core 文件\n"
        "  一小时内此前还发生过 3 次\n"
        "  将在 5 秒 后重新启动\n"
        "  开始时间：2023-11-14 22:13:20 +0000\n"
        "  stderr 最后几行：\n"
        "  | boom\n"
        "\n"
        "主机 db1，守护进程 supervisor"
    )


@pytest.mark.parametrize(
    ("details", "expected"),
    [
        ({"status": 0, "ran": 2.0}, "退出状态 0，运行了 2 秒"),
        ({"status": 3}, "退出状态 3，运行了 ?"),
        ({"signal": "SIGKILL", "core": False, "ran": 1.0}, "被信号 SIGKILL 终止，运行了 1 秒"),
        ({"unseen": True}, "已结束，原因未知"),
        ({"error": "no such file"}, "无法启动：no such file"),
        ({"restarts": 10, "window": 60.0}, "1 分 0 秒内重启 10 次"),
        ({}, "x exited with status 3"),
        ({"before": 0, "unseen": False}, "x exited with status 3"),
    ],
)
def test_how_it_ended_in_chinese(details: dict[str, object], expected: str) -> None:
    assert expected in message(telling("x", **details), language="zh").text.replace("秒 内", "秒内")


def test_one_that_has_recovered() -> None:
    over = replace(telling("db"), ended=AT + 200, end_text="db is up again, after 3 min", was_told=True)
    told = message(over)
    assert "[db1] db has recovered" == told.title
    assert "db is up again" in told.text
    assert "it lasted 3 min 20 s, from 2023-11-14 22:13:20 +0000 to 2023-11-14 22:16:40 +0000" in told.text
    assert "exited" not in told.text
    assert (Severity.INFO, True) == (told.severity, is_good_news(told))
    assert "up again" not in message(over, language="zh").text
    assert "🟢" == mark_of(told.items[0])


def test_trouble_and_end_in_one() -> None:
    told = message(replace(telling("db"), ended=AT + 2, end_text="db is up again"))
    assert "[db1] db had trouble (down) and has recovered" == told.title
    assert "exited with status 3" in told.text


def test_a_reminder() -> None:
    told = message(replace(telling("db"), began=AT - 3700, is_reminder=True))
    assert "  it still lasts\n  since 2023-11-14 21:11:40 +0000, for 1 h 1 min\n" in told.text


def test_many_are_told_together() -> None:
    many = [telling(f"w{n}", lines=("boom",)) for n in range(37)]
    told = message(*many, replace(telling("db"), ended=AT + 2, was_told=True))
    assert "[db1] 37 programs are down: w0, w1, w2 and 34 more; db has recovered" == told.title
    assert 2 == len(told.items)
    assert "…17 more" == told.items[0].facts[20]
    assert "boom" in told.items[0].lines
    assert 60 > told.text.count("\n")
    chinese = message(*many, language="zh")
    assert "[db1] 37 个程序已停止运行：w0、w1、w2 等，另有 34 个" == chinese.title
    assert "w0: w0 exited" in chinese.text


def test_many_that_have_recovered() -> None:
    told = message(*(replace(telling(f"w{n}"), ended=AT + 61, was_told=n < 9) for n in range(20)))
    assert "[db1] 9 have recovered: w0, w1, w2 and 6 more; 11 had trouble and have recovered" in told.title
    assert "w3: 1 min 1 s" in told.text
    assert is_good_news(told)


def test_what_was_left_out_and_why_it_comes_late() -> None:
    digest = Digest("ops", "i", AT, (telling(),), 5, "quiet hours")
    assert message_of(digest, ORIGIN).text.endswith(
        "\n5 more for which there was no room\nhost db1, daemon supervisor\nheld back by quiet hours"
    )
    assert message_of(digest, ORIGIN, language="zh").text.endswith("因免打扰时段延后发送")


def test_what_others_wrote_is_plain() -> None:
    told = message(telling(HOSTILE, lines=(HOSTILE, "x" * 5000)))
    for text in (told.title, *told.text.split("\n")):
        assert not any(ord(char) < 32 or 0x7F <= ord(char) < 0xA0 for char in text)
        assert "31m" not in text
        assert MAX_LINE_CHARS + 4 >= len(text)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("a\tb\x00c\x07", "a    b c"),
        ("\x1b[1;31mred\x1b[0m \x1b]0;title\x07x\x1b]8;;http://h\x1b\\l\x1b(B", "red xl"),
        ("\x1b", ""),
        ("a\u202eb\u2028c\ud800d\x9b31m", "a b c d 31m"),
        ("钉钉 ok", "钉钉 ok"),
    ],
)
def test_plain_lines(line: str, expected: str) -> None:
    assert expected == plain_line(line)


def test_a_template() -> None:
    told = message(
        telling("web"), template="告警 $title $host $identifier $alert $severity $count $names $time $$ $x"
    )
    assert told.text == (
        "告警 [db1] web is down db1 supervisor ops critical 1 web 2023-11-14 22:13:25 +0000 $ $x"
    )
    assert () == told.items == told.notes
    assert "[db1] web is down" == told.title
    assert "web exited" in message(template="${text}").text


def test_a_short_text() -> None:
    told = message(telling("web"))
    assert short_text(told, 280).startswith("[db1] web is down\nweb exited with status 3\nsince ")
    assert "[db1] web is down" == short_text(told, 20)
    assert "[db1] web…" == short_text(told, 10)
    assert "告警 web" == short_text(message(template="告警 $names"), 280)
    assert len(short_text(told, 0)) > 40


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_has_its_words(language: str) -> None:
    table = words(language)
    for kind in EdgeKind:
        assert headline(table, kind, "x")
        digest = Digest("a", "i", AT, tuple(Telling(edge(f"n{n}", kind), AT) for n in range(9)))
        assert "9" in message_of(digest, ORIGIN, language=language, zone=UTC).title


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (-1, "0 s"),
        (59.4, "59 s"),
        (60, "1 min 0 s"),
        (3599, "59 min 59 s"),
        (3661, "1 h 1 min"),
        (90000, "1 d 1 h"),
    ],
)
def test_durations(seconds: float, expected: str) -> None:
    assert expected == duration(words("en"), seconds)


def test_an_unknown_language_is_english() -> None:
    assert words("en") == words("fr")


def test_a_test_lasts_no_time() -> None:
    told = message(Telling(edge("ops", EdgeKind.TEST, "nothing is wrong"), AT))
    assert ("nothing is wrong",) == told.items[0].facts


def test_many_monitors_are_told_by_their_names() -> None:
    tellings = [
        Telling(
            replace(edge(f"m{n}", text="connection refused"), kind=EdgeKind.MONITOR, source="monitor"), AT
        )
        for n in range(5)
    ]
    text = message(*tellings).text
    assert all(f"  m{n}: connection refused\n" in text for n in range(5))


def test_what_happened_to_the_daemon_is_told_without_a_duration() -> None:
    killed = replace(edge("prod", text="the daemon was killed, and is back"), kind=EdgeKind.DAEMON)
    told = message(Telling(killed, AT, ended=AT))
    assert told.title == "[db1] the daemon had trouble"
    assert "it lasted" not in told.text
    assert "since 2023-11-14" in told.text
