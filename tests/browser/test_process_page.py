"""One process in a browser: its log, its failure, its configuration, what descends from it."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from support.browser_console import Console

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]
Open = Callable[..., Console]

HOSTILE = "<img src=x onerror=\"document.title='owned'\"> & </script>"


def test_a_log_is_followed_with_its_colours_and_nothing_of_it_is_markup(
    open_console: Open, tmp_path: Path
) -> None:
    fifo = tmp_path / "words"
    os.mkfifo(fifo)
    console = open_console(
        f"[program:web]\ncommand=sh -c 'exec cat < {fifo}'\nstdout_logfile={tmp_path}/web.log\n"
    )
    with fifo.open("w") as words:
        page = console.page("#/process/web/log")
        words.write(f"\x1b[31mred\x1b[0m plain\n\x1b]0;owned\x07{HOSTILE}\x1b[2J\n中文\n")
        words.flush()
        expect(page.locator(".lines .l")).to_have_count(3)
        assert page.locator(".lines .l").all_text_contents() == ["red plain", HOSTILE, "中文"]
        expect(page.locator(".lines .a-f1")).to_have_text("red")
        assert page.title() != "owned"
        words.write("Password")
        words.flush()
        expect(page.locator(".lines .l").last).to_have_text("Password")
        words.write(": \n")
        words.flush()
        expect(page.locator(".lines .l").last).to_have_text("Password: ")
        expect(page.locator(".lines .l")).to_have_count(4)
        page.get_by_role("button", name="Pause").click()
        words.write("while paused\n")
        words.flush()
        expect(page.locator(".waiting")).to_have_text("1 new lines")
        page.locator(".waiting").click()
        expect(page.locator(".waiting")).to_be_hidden()
        page.get_by_placeholder("Search the whole log").fill("RED")
        page.keyboard.press("Enter")
        expect(page.locator(".matches li")).to_have_text(["red plain"])
        expect(page.locator(".matches mark")).to_have_text("red")
        with page.expect_download() as download:
            page.get_by_role("link", name="Download").click()
        assert Path(download.value.path()).read_bytes() == (tmp_path / "web.log").read_bytes()


def test_ten_thousand_lines(open_console: Open, tmp_path: Path) -> None:
    console = open_console(
        f"[program:web]\ndirectory={tmp_path}\nstdout_logfile={tmp_path}/web.log\n"
        "command=sh -c 'mkfifo go; echo ready; read go < go; seq 1 10000; exec sleep 1000'\n"
    )
    page = console.page("#/process/web/log")
    expect(page.locator(".lines")).to_contain_text("ready")  # what comes from now on is followed
    with (tmp_path / "go").open("w") as go:
        go.write("\n")
    expect(page.locator(".lines .l").last).to_have_text("10000")
    expect(page.locator(".lines .l")).to_have_count(10001)
    assert (
        page.evaluate(
            "(e => e.scrollHeight - e.scrollTop - e.clientHeight)(document.querySelector('.lines'))"
        )
        < 30
    )


def test_a_failure_is_told_as_a_story(open_console: Open) -> None:
    programs = f"[program:web]\ncommand=/bin/sh -c 'echo \"{HOSTILE.replace(chr(34), '')}\" >&2; exit 3'\nstartretries=0\n".replace(
        "%", "%%"
    )
    console = open_console(programs)
    console.daemon.wait_state("web", "FATAL")
    page = console.page("#/process/web")
    expect(page.locator(".why")).to_contain_text("exit status 3")
    expect(page.locator(".why pre").first).to_contain_text("onerror")
    page.get_by_role("link", name="History").click()
    expect(page.locator(".history")).to_contain_text("exit status 3")
    assert page.title() == "web · Vigil"


def test_the_last_lines_of_a_failure_are_words_without_their_colours(
    open_console: Open, tmp_path: Path
) -> None:
    (tmp_path / "last").write_bytes(b"\x1b[31mError:\x1b[0m \x1b]0;owned\x07no \x1b[1;4mdatabase\x1b[m\n")
    console = open_console(
        f"[program:web]\ncommand=/bin/sh -c 'cat {tmp_path}/last >&2; exit 3'\nstartretries=0\n"
    )
    console.daemon.wait_state("web", "FATAL")
    page = console.page("#/process/web")
    expect(page.locator(".why pre")).to_have_text("Error: no database")
    page.get_by_role("link", name="History").click()
    assert page.locator(".history details pre").first.text_content() == "Error: no database"


def test_secrets_are_hidden_until_somebody_asks(open_console: Open) -> None:
    console = open_console('[program:web]\ncommand=sleep 1000\nenvironment=API_TOKEN="hunter2"\n')
    page = console.page("#/process/web/config")
    expect(page.locator("table.config")).to_contain_text("API_TOKEN")
    expect(page.locator("table.config")).not_to_contain_text("hunter2")
    page.get_by_role("button", name="Show secrets").click()
    expect(page.locator("table.config")).to_contain_text("hunter2")


def test_what_descends_from_it(open_console: Open) -> None:
    console = open_console("[program:web]\ncommand=sh -c 'sleep 1000 & sleep 1001'\nstopasgroup=true\n")
    page = console.page("#/process/web/tree")
    expect(page.locator(".tree li")).to_have_count(3)
    expect(page.locator(".tree ul li")).to_have_count(2)


def test_orders_on_the_page_and_a_process_that_is_gone(open_console: Open) -> None:
    console = open_console("[program:web]\ncommand=sleep 1000\n")
    page = console.page("#/process/web")
    page.get_by_role("button", name="Signal").click()
    page.get_by_role("dialog").get_by_label("Signal").select_option("TERM")
    page.get_by_role("dialog").get_by_role("button", name="Signal").click()
    expect(page.locator(".facts")).to_contain_text("Restarts")
    console.daemon.ctl("stop", "web")
    expect(page.locator(".title .badge")).to_have_text("Stopped")
    console.daemon.ctl("remove", "web")
    expect(page.locator(".remarks")).to_contain_text("There is no process web")


def test_nothing_can_be_done_with_a_log_that_is_not_there_and_it_says_why(open_console: Open) -> None:
    console = open_console("[program:web]\ncommand=sleep 1000\nstdout_logfile=NONE\n")
    page = console.page("#/process/web/log")
    expect(page.locator(".reason")).to_have_text("This program has no such log file.")
    for name in ("Pause", "Empty the log"):
        expect(page.get_by_role("button", name=name)).to_be_disabled()
        expect(page.get_by_role("button", name=name)).to_have_attribute(
            "title", "This program has no such log file."
        )
    expect(page.get_by_placeholder("Search the whole log")).to_be_disabled()
    assert page.get_by_text("Download").get_attribute("href") is None
    page.get_by_role("button", name="stderr").click()
    expect(page.get_by_role("button", name="Pause")).to_be_enabled()
    expect(page.locator(".reason")).to_be_hidden()


def test_a_flood_is_followed_with_a_bound_on_what_the_page_holds(open_console: Open, tmp_path: Path) -> None:
    console = open_console(
        f"[program:web]\ndirectory={tmp_path}\nstdout_logfile={tmp_path}/web.log\n"
        "command=sh -c 'mkfifo go; echo ready; read go < go; seq 1 50000; read go < go; seq 50001 75000; exec sleep 1000'\n"
    )
    page = console.page("#/process/web/log")
    expect(page.locator(".lines")).to_contain_text("ready")
    (tmp_path / "go").write_text("\n")
    expect(page.locator(".lines .l").last).to_have_text("50000")
    assert page.locator(".lines .l").count() <= 20_000
    page.get_by_role("button", name="Pause").click()
    before = page.locator(".lines .l").count()
    (tmp_path / "go").write_text("\n")
    expect(page.locator(".waiting")).to_have_text("25000 new lines")
    assert page.locator(".lines .l").count() == before  # what is being read stays where it is
    page.locator(".waiting").click()
    expect(page.locator(".lines .l").last).to_have_text("75000")
    expect(page.locator(".lines")).to_contain_text("7000 lines were written faster than they can be shown")
    assert page.locator(".lines .l").count() <= 20_000


def test_a_search_through_a_long_log_goes_on_by_itself_and_can_be_given_up(
    open_console: Open, tmp_path: Path
) -> None:
    log = tmp_path / "web.log"
    log.write_bytes(b"the needle\n" + b"hay " * 10 * 1024 * 1024 + b"\n" + b"hay\n" * 1024)
    console = open_console(
        f"[program:web]\ncommand=sleep 1000\nstdout_logfile={log}\nstdout_logfile_maxbytes=0\n"
    )
    page = console.page("#/process/web/log")
    expect(page.locator(".lines .l").first).to_be_attached()
    page.get_by_placeholder("Search the whole log").fill("the needle")
    page.keyboard.press("Enter")
    expect(page.locator(".matches li")).to_have_text(["the needle"])
    expect(page.locator(".found")).to_contain_text("1 lines found, newest first")
    page.route("**/search?**", lambda route: None)  # an answer that takes its time
    page.get_by_placeholder("Search the whole log").fill("another needle")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Stop looking").click()
    expect(page.get_by_role("button", name="Stop looking")).to_be_hidden()
    expect(page.locator(".matches li")).to_have_count(0)
