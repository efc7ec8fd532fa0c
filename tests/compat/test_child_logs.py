"""What programs write: files, names, rotation, clearing, reading, tailing."""

from collections.abc import Callable

from support.compat.playbill import Scenario
from support.compat.stage import Stage
from support.until import DEADLINE_SECONDS

Agree = Callable[[Scenario], None]


def names_in(stage: Stage, directory: str) -> list[str]:
    """Names and sizes of the files in one of the stage's directories."""
    return sorted(f"{path.name} {path.stat().st_size}" for path in stage.path(directory).iterdir())


def test_files_of_stdout_and_stderr(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        say = 'command=/bin/sh -c "echo out; echo err >&2; printf last; exit 0"\nstartsecs=0\nautorestart=false\n'
        stage.start(
            "[program:auto]\n" + say
            + "[program:none]\n" + say + "stdout_logfile=NONE\nstderr_logfile=NONE\n"
            + "[program:files]\n" + say + "stdout_logfile=%(here)s/files.out\nstderr_logfile=%(here)s/files.err\n"
            + "[program:merged]\n" + say + "stdout_logfile=%(here)s/%(program_name)s.out\nredirect_stderr=true\n"
            + "[program:mergedfile]\n" + say + "stdout_logfile=%(here)s/m2.out\nredirect_stderr=true\nstderr_logfile=%(here)s/m2.err\n"
            + "[program:samefile]\n" + "command=/bin/sh -c 'echo same'\nstartsecs=0\nautorestart=false\n"
            + "stdout_logfile=%(here)s/same.log\nstderr_logfile=%(here)s/same.log\n"
        )  # fmt: skip
        for name in ("auto", "none", "files", "merged", "mergedfile", "samefile"):
            stage.until_state(name, "EXITED")
        stage.infos("logfile", "stdout_logfile", "stderr_logfile", "exitstatus")
        for name in ("files.out", "files.err", "merged.out", "m2.out", "m2.err", "same.log"):
            stage.show_file(name)
        stage.note("logs", names_in(stage, "logs"))
        for name in ("auto", "none", "merged"):
            stage.rpc("readProcessStdoutLog", name, 0, 0)
            stage.rpc("readProcessStderrLog", name, 0, 0)
            stage.rpc("tailProcessStderrLog", name, 0, 10)
        stage.end()
        stage.note("logs at the end", names_in(stage, "logs"))
        stage.start()  # old AUTO logs are removed at start
        stage.until_state("auto", "EXITED")
        stage.note("logs after a second start", names_in(stage, "logs"))
        stage.end()
        stage.start(None, "--nocleanup")
        stage.until_state("auto", "EXITED")
        stage.note("logs after a start without cleanup", names_in(stage, "logs"))

    agree(scenario)


def test_rotation(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        # Each line is written when the one before is in the log, so that every read is one line.
        echo = "command=/bin/sh -c 'while read x; do echo $x; done'\nstartsecs=0\n"
        stage.start(
            f"[program:rotating]\n{echo}stdout_logfile=%(here)s/r.log\nstdout_logfile_maxbytes=60\nstdout_logfile_backups=2\n"
            f"[program:single]\n{echo}stdout_logfile=%(here)s/s.log\nstdout_logfile_maxbytes=60\nstdout_logfile_backups=0\n"
            f"[program:unlimited]\n{echo}stdout_logfile=%(here)s/u.log\nstdout_logfile_maxbytes=0\n"
        )
        stage.until_state("unlimited", "RUNNING")
        for name, log, lines_kept in (
            ("rotating", "r.log", 3),
            ("single", "s.log", 3),
            ("unlimited", "u.log", 100),
        ):
            for count, number in enumerate(range(10, 22), 1):
                stage.ask("supervisor.sendProcessStdin", name, f"line {number} of twenty bytes\n")
                size = 24 * (count % lines_kept)
                stage.until(
                    lambda log=log, size=size: size_of(stage, log) == size, f"{log} to have {size} bytes"
                )
        for name in ("r.log", "r.log.1", "r.log.2", "r.log.3", "s.log", "s.log.1", "u.log"):
            stage.show_file(name)

    agree(scenario)


def size_of(stage: Stage, log: str) -> int:
    """Size of a file; -1 while it is not there."""
    try:
        return stage.path(log).stat().st_size
    except FileNotFoundError:
        return -1


def test_reading_by_offset_and_length(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        stage.write("bytes", "0123456789abcdefghij\n")
        stage.start(
            "[program:bytes]\ncommand=/bin/cat %(here)s/bytes\nstartsecs=0\nautorestart=false\nstdout_logfile=%(here)s/b.log\n"
            "[program:silent]\ncommand=/bin/sleep 1000\nstartsecs=0\nstdout_logfile=NONE\n"
        )
        stage.until_state("bytes", "EXITED")
        positions = (0, 1, 5, 20, 21, 22, 100, -1, -5, -21, -22, -100)
        for method in ("readProcessStdoutLog", "tailProcessStdoutLog"):
            for offset in positions:
                for length in (0, 1, 5, 21, 100, -1, -5):
                    stage.rpc(method, "bytes", offset, length)
        for method in (
            "readProcessLog", "readProcessStdoutLog", "readProcessStderrLog", "tailProcessLog", "tailProcessStdoutLog",
            "tailProcessStderrLog",
        ):  # fmt: skip
            for name in ("bytes", "silent", "nosuch", "bytes:*", "bytes:nosuch", ""):
                stage.rpc(method, name, 0, 10)
        stage.rpc("readProcessLog", "bytes", "0", "5")
        stage.rpc("tailProcessLog", "bytes", "0", "5")
        for name in ("silent", "nosuch", "bytes:*", "bytes:nosuch"):
            stage.rpc("clearProcessLog", name)
        stage.path("b.log").unlink()
        stage.rpc("readProcessStdoutLog", "bytes", 0, 0)
        stage.rpc("tailProcessStdoutLog", "bytes", 0, 100)
        stage.rpc("clearProcessLogs", "bytes")

    agree(scenario)


def test_main_log(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        stage.start("[program:cat]\ncommand=/bin/cat\nstartsecs=0\n")
        stage.until_state("cat", "RUNNING")
        for offset, length in ((0, 23), (-10, 0), (5, -5), (-5, 5)):
            value = (
                stage.ask("supervisor.readLog", offset, length)
                if length >= 0 and offset >= -10 and (offset, length) != (-5, 5)
                else None
            )
            stage.note(f"readLog({offset}, {length}) is text", isinstance(value, str) and len(value))
        stage.rpc("readLog", 5, -5)
        stage.rpc("readLog", -5, 5)
        stage.rpc("clearLog")
        stage.show_log("")
        stage.rpc("stopProcess", "cat")
        stage.show_log("stopped", "reopening")
        stage.path("supervisord.log").unlink()
        stage.rpc("readLog", 0, 0)
        stage.rpc("clearLog")

    agree(scenario)


def test_tail_and_maintail_of_the_client(agree_four_ways: Agree) -> None:
    def scenario(stage: Stage) -> None:
        stage.write("many", "".join(f"line {number:04d} of the log\n" for number in range(150)))
        stage.start(
            "[program:talker]\ncommand=/bin/sh -c 'cat %(here)s/many; echo err >&2; exec sleep 1000'\nstartsecs=0\n"
            "[program:silent]\ncommand=/bin/sleep 1000\nstartsecs=0\nstdout_logfile=NONE\n"
        )
        stage.until(lambda: stage.ask("supervisor.readProcessStderrLog", "talker", 0, 0) == "err\n")
        stage.until(lambda: "0149" in str(stage.ask("supervisor.readProcessStdoutLog", "talker", -100, 0)))
        for order in (
            "tail talker", "tail -50 talker", "tail talker stderr", "tail -2 talker stderr", "tail silent", "maintail -f -5",
        ):  # fmt: skip
            stage.ctl(*order.split())
            if order == "maintail -f -5":
                stage.keep_first_line()
        stage.ctl(
            stdin="tail -0 talker\ntail talker stdout\ntail talker:talker\nmaintail x\ntail -2 silent\n"
        )
        done = stage.ctl("maintail", "-20")
        label, _ = stage.transcript.entries.pop()
        stage.note(label, [len(done.stdout), done.returncode])

    agree_four_ways(scenario)


def test_following_a_log(agree_four_ways: Agree) -> None:
    def scenario(stage: Stage) -> None:
        stage.start(
            "[program:echo]\ncommand=/bin/sh -c 'echo begin; while read x; do echo $x; done'\nstartsecs=0\nstdout_logfile=%(here)s/e.log\n"
        )
        stage.until(lambda: stage.path("e.log").exists() and stage.path("e.log").read_text() == "begin\n")

        def say_more() -> None:
            stage.ask("supervisor.sendProcessStdin", "echo", "something new\n")

        stage.follow("tail", "-f", "echo", until_it_says="something new", and_do=say_more)

    agree_four_ways(scenario)


def test_log_streams_over_http(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        stage.start(
            "[program:talker]\ncommand=/bin/sh -c 'echo one; echo two >&2; exec sleep 1000'\nstartsecs=0\n"
        )
        stage.until(lambda: stage.ask("supervisor.readProcessStderrLog", "talker", 0, 0) == "two\n")
        stage.until(lambda: stage.ask("supervisor.readProcessStdoutLog", "talker", 0, 0) == "one\n")
        for path in (
            "/logtail/nosuch",
            "/logtail/talker/nosuch",
            "/nosuch",
            "/logtail/nosuch:*",
            "/logtail/",
        ):
            stage.note(path, stage_status(stage, path))
        for path in (
            "/logtail/talker",
            "/logtail/talker/stdout",
            "/logtail/talker/stderr",
            "/logtail/talker%3Atalker",
        ):
            stage.note(path, first_chunk(stage, path))
        stage.note("/mainlogtail", first_chunk(stage, "/mainlogtail")[:2])

    agree(scenario)


def stage_status(stage: Stage, path: str) -> list[object]:
    """HTTP status of a GET."""
    from support.compat import wire

    answer = wire.request(stage.address, "GET", path, headers={"Connection": "close"})
    return [answer.status, answer.reason]


def first_chunk(stage: Stage, path: str) -> list[object]:
    """Status, framing and first bytes of a stream that does not end."""
    connection = stage.address.connection(timeout=DEADLINE_SECONDS)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        data = response.read1(4)
        return [
            response.status,
            response.getheader("transfer-encoding"),
            response.getheader("content-type"),
            data,
        ]
    finally:
        connection.close()


def test_clearing_the_log_of_a_running_process(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        # Each line of its input is written to its log.
        stage.start(
            "[program:echo]\ncommand=/bin/sh -c 'while read x; do echo $x; echo $x >&2; done'\nstartsecs=0\n"
            "stdout_logfile=%(here)s/e.log\nstderr_logfile=%(here)s/e.err\nstdout_logfile_maxbytes=20\nstdout_logfile_backups=3\n"
        )
        stage.until_state("echo", "RUNNING")
        for line in ("first-ten", "second-ten", "third-ten"):
            stage.rpc("sendProcessStdin", "echo", line + "\n")
            stage.until(lambda line=line: line in stage.path("e.err").read_text())
        stage.until(lambda: stage.path("e.log").exists() and stage.path("e.log.1").exists())
        stage.rpc("clearProcessLogs", "echo")
        stage.note("files after clear", sorted(path.name for path in stage.root.glob("e.*")))
        stage.show_file("e.err")
        stage.rpc("sendProcessStdin", "echo", "more\n")
        stage.until(lambda: stage.path("e.err").exists() and "more" in stage.path("e.err").read_text())
        stage.until(lambda: stage.path("e.log").exists() and "more" in stage.path("e.log").read_text())
        stage.show_file("e.log")
        stage.show_file("e.err")
        stage.rpc("clearAllProcessLogs")
        stage.ctl("clear", "echo")
        stage.ctl("clear", "all")

    agree(scenario)


def test_strip_ansi(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        stage.write("say.sh", "printf '\\033[31mred\\033[0m \\303\\244\\n'\n")
        say = "command=/bin/sh %(here)s/say.sh"
        stage.start(
            f"[program:a]\n{say}\nstartsecs=0\nautorestart=false\nstdout_logfile=%(here)s/a.log\n", "-t"
        )
        stage.until_state("a", "EXITED")
        stage.show_file("a.log")
        stage.rpc("readProcessStdoutLog", "a", 0, 0)
        stage.rpc("tailProcessStdoutLog", "a", 0, 100)
        stage.ctl("tail", "a")

    agree(scenario)
