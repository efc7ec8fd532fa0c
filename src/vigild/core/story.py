"""The story of a failure in plain words: what, when, what that usually means, what followed, what to try. Pure.

Each sentence has a code besides its words, and what stands in it as plain values: who tells the story in another language
makes a sentence of these (`fronts/console/assets/chinese/story.js`). Codes stay the same over versions.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field

from vigild.core.facts import Fact, by_whom, duration, end_words, is_failure
from vigild.core.frozen import frozen

ClockTime = Callable[[float], str]
SignalName = Callable[[int], str]

# The kinds of facts that a story is made of: failures, and what followed.
KINDS_BEFORE = ("exit", "spawn_failed")
KINDS_OF_STORY = ("exit", "spawn_failed", "state", "flapping", "unseen")

Values = dict[str, object]


@frozen
class Sentence:
    """One sentence: its words, and the same as a code and values. Times are in seconds since the epoch."""

    code: str
    text: str
    values: Values = field(default_factory=dict)


@frozen
class Part:
    """What stands below one heading ("" for the first line): one sentence a line."""

    heading: str
    sentences: tuple[Sentence, ...]

    @property
    def text(self) -> str:
        """Its lines."""
        return "\n".join(sentence.text for sentence in self.sentences)


@frozen
class Explanation:
    """What an end usually means, and what to try. `code` names the pair of them."""

    code: str
    meaning: str
    advice: str
    values: Values = field(default_factory=dict)


DAY_SECONDS = 86_400.0
QUICK_SECONDS = 5.0  # who ends sooner has most likely not got past its start

# What a signal usually means, and what to try next.
SIGNALS: dict[str, tuple[str, str]] = {
    "SIGSEGV": (
        "it touched memory that is not its own: a defect in the program or in a native library that it uses",
        "look for a core dump (coredumpctl, or limit_core=unlimited here), and at what was updated last",
    ),
    "SIGABRT": (
        "it ended itself because something was wrong inside: a failed assertion, or memory that was not there",
        "its last lines usually say which assertion",
    ),
    "SIGBUS": (
        "a file that it had mapped was cut short, or a disk or tmpfs is full",
        "check the room on its disks and on /dev/shm",
    ),
    "SIGILL": (
        "its code does not fit this processor, or is damaged",
        "was it built for another processor? Install it again",
    ),
    "SIGFPE": (
        "it divided by zero, or the like: a defect in the program",
        "look for a core dump (limit_core=unlimited)",
    ),
    "SIGTERM": (
        "somebody outside Vigil told it to end: a person, a script, or the system on its way down",
        "look who sends it: logs of deployments and cron, `last -x`, auditd",
    ),
    "SIGINT": ("somebody sent it what Ctrl-C sends", "does a script or a terminal share its process group?"),
    "SIGHUP": (
        "its terminal went, or somebody told it to read its configuration and it does not know how",
        "does a log rotation send it SIGHUP? Name the signal that it understands there",
    ),
    "SIGQUIT": ("somebody told it to end with a core dump", "a watchdog of its own may do so: read its log"),
    "SIGPIPE": (
        "it wrote to a connection or pipe whose other end was closed, and does not handle that",
        "look at what it talks to: that ended first",
    ),
    "SIGXCPU": ("it used up the processor time that it may", "raise limit_cpu, or find out why it computes"),
    "SIGXFSZ": ("a file that it writes reached the size that it may have", "raise limit_fsize"),
    "SIGSYS": (
        "it made a system call that a seccomp filter forbids",
        "check the container's or unit's seccomp profile",
    ),
    "SIGTRAP": ("it ran into a trap: a debugger, or a check of its runtime", "its last lines may say which"),
}
_KILLED = (
    "nothing in it can catch that: the kernel for want of memory, or a person or script with kill -9",
    "see whether memory ran out: `journalctl -k | grep -i oom`, and memory.events of its control group",
)
_OUT_OF_MEMORY = (
    "the kernel killed for want of memory at that time: its counter of such kills went up",
    "give it more memory, or have it use less; look at its memory over time, and at who else was large then",
)

# Why Vigil ended it itself, by how the reason begins.
REASONS: dict[str, tuple[str, str]] = {
    "memory_max": (
        "it took more memory than memory_max allows it, so Vigil ended it, to start it again",
        "find out what takes the memory, or raise memory_max; on_memory_max=alert only tells",
    ),
    "rule": (
        "one of its rules came true, so Vigil ended it, to start it again",
        "look at what the rule is about at that time, or let the rule wait for more cycles",
    ),
    "unhealthy": (
        "its health checks failed, so Vigil ended it, to start it again",
        "ask it by hand what its healthcheck asks it; on_unhealthy=alert only tells",
    ),
    "watchdog": (
        "it did not report in time that it is alive, so Vigil ended it, to start it again",
        "its last lines, or a core dump, say what it was at; watchdog_secs is the time that it has",
    ),
    "not_ready": (
        "it was not ready in time, so Vigil ended it: its start has failed",
        "its last lines say how far it came; readiness says what is asked, readiness_timeout how long it has",
    ),
    "monitor": (
        "a rule of a monitor came true, so Vigil ended it, to start it again",
        "look at what the monitor saw: vigil monitors, and vigil history with its name",
    ),
}

STATUSES: dict[int, tuple[str, str]] = {
    0: (
        "it says that all is well, but it should have stayed",
        "if it puts itself in the background, say forking=true, or make it stay; if it is a job that is done, say "
        "autorestart=unexpected and startsecs=0",
    ),
    1: ("a general error, in the program's own terms", "its last lines usually say which"),
    2: (
        "often wrong arguments or a wrong configuration of the program",
        "run its command by hand as the same user, and compare its flags with its documentation",
    ),
    78: ("the convention for an error in its configuration", "let the program check its configuration file"),
    126: (
        "the shell found the command but may not execute it",
        "check its permissions: chmod +x, noexec mounts",
    ),
    127: (
        "the shell did not find the command",
        "write the full path; PATH here is the daemon's, not that of your login",
    ),
    255: ("a general error; ssh says so when it cannot connect", "its last lines usually say which"),
}


def latest_failure(facts: Sequence[Fact]) -> int | None:
    """Where in `facts` (oldest first) the last failure is."""
    for index in range(len(facts) - 1, -1, -1):
        if is_failure(facts[index]):
            return index
    return None


def tell(
    name: str,
    facts: Sequence[Fact],
    index: int,
    failure: Fact,
    now: float,
    clock_time: ClockTime,
    signal_name: SignalName,
) -> list[Part]:
    """The story. `failure`: `facts[index]` with its output."""
    details = failure["details"]
    known = explain(details, signal_name) if failure["kind"] == "exit" else _not_started(details)
    ago = max(0.0, now - failure["at"])
    first = f"{name} failed on {clock_time(failure['at'])}, {duration(ago)} ago."
    story = [
        _part("", Sentence("failed", first, {"name": name, "at": failure["at"], "ago": ago})),
        _part("What", _what(failure)),
        _part("Meaning", Sentence(f"meaning.{known.code}", known.meaning, known.values)),
        _part("Before", _before(facts, index, now, clock_time)),
        _part("Then", *_then(facts, index, clock_time)),
    ]
    for channel, lines in (("stderr", failure.get("stderr")), ("stdout", failure.get("stdout"))):
        if lines:
            story.append(_part(f"Last lines of {channel}", *(Sentence("line", line) for line in lines)))
    if not failure.get("stderr") and not failure.get("stdout") and failure["kind"] == "exit":
        none = "none are kept: it wrote nothing, or not to a log file of Vigil's"
        story.append(_part("Last lines", Sentence("no_output", none)))
    advice = Sentence(f"try.{known.code}", known.advice, known.values)
    story.append(_part("Try", advice, *_more_advice(name, facts, index, details)))
    return story


def _part(heading: str, *sentences: Sentence) -> Part:
    return Part(heading, sentences)


def explain(details: Mapping[str, object], signal_name: SignalName) -> Explanation:
    """What such an end usually means, and what to try."""
    reason = _reason(details)
    if reason in REASONS:
        return Explanation(reason, *REASONS[reason])
    signal = details.get("signal")
    if isinstance(signal, str):
        return _explain_signal(signal, is_out_of_memory=bool(details.get("oom_kills")))
    status = details.get("status")
    if not isinstance(status, int):
        unseen = str(details.get("unseen", "nobody saw how it ended"))
        return Explanation("unseen", unseen, "its own log may say more", {"text": unseen})
    if status in STATUSES:
        return Explanation(f"status_{status}", *STATUSES[status])
    if 128 < status < 128 + 65:
        name = signal_name(status - 128)
        inner = _explain_signal(name)
        words = f"a shell says so when its program was killed by {name}: {inner.meaning}"
        return Explanation(inner.code, words, inner.advice, {"shell": True, "signal": name})
    return Explanation(
        "status", "an error in the program's own terms", "its documentation or its last lines say which"
    )


def _reason(details: Mapping[str, object]) -> str:
    """Why Vigil ended it, as a key of `REASONS`; else what the reason begins with, if there is one."""
    reason = str(details.get("reason", ""))
    if reason.startswith("monitor "):  # its name follows
        return "monitor"
    if reason.startswith("not ready "):  # the time that it had follows
        return "not_ready"
    return reason.partition(":")[0]


def _explain_signal(signal: str, *, is_out_of_memory: bool = False) -> Explanation:
    if signal == "SIGKILL":
        return (
            Explanation("out_of_memory", *_OUT_OF_MEMORY)
            if is_out_of_memory
            else Explanation(signal, *_KILLED)
        )
    if signal in SIGNALS:
        return Explanation(signal, *SIGNALS[signal])
    words = f"a signal that ends a program that does not handle it ({signal})"
    return Explanation("signal", words, "find out who sends it", {"signal": signal})


def _not_started(details: Mapping[str, object]) -> Explanation:
    text = str(details.get("text", ""))
    if "not find" in text or "can't find" in text or "No such file" in text:
        meaning = "the program is not there, or not on the PATH that it is looked for on"
        return Explanation("missing", meaning, "write the full path")
    if "ermission" in text or "executable" in text:
        meaning = "the user that it runs as may not execute it, or not get there"
        return Explanation("not_allowed", meaning, "check user=, and each directory")
    meaning = "it never came to run; the text above says at which step"
    return Explanation("not_started", meaning, "vigil check names what is wrong")


def _what(failure: Fact) -> Sentence:
    details = failure["details"]
    if failure["kind"] == "spawn_failed":
        text = str(details.get("text", ""))
        return Sentence("not_started", f"it could not be started: {text}", {"text": text})
    ran = details.get("ran", 0)
    seconds = float(ran) if isinstance(ran, int | float) else 0.0
    quick = " (it had not got past its start)" if details.get("state") == "STARTING" else ""
    if "reason" in details:
        quick = f"; Vigil ended it: {details['reason']}"
    words = f"{end_words(details)} after {duration(seconds)}{quick}; its pid was {details.get('pid', 0)}."
    told = ("signal", "core", "status", "pid", "state", "reason")
    return Sentence("ended", words, {"ran": seconds, **{key: details[key] for key in told if key in details}})


def _before(facts: Sequence[Fact], index: int, now: float, clock_time: ClockTime) -> Sentence:
    earlier = [fact for fact in facts[:index] if is_failure(fact)]
    if not earlier:
        return Sentence("first", "the first failure that the history knows.")
    lately = sum(1 for fact in earlier if fact["at"] >= now - DAY_SECONDS)
    same = sum(1 for fact in earlier if _manner(fact) == _manner(facts[index]))
    often = "1 failure before" if len(earlier) == 1 else f"{len(earlier)} failures before"
    words = (
        f"{often} ({lately} in the last 24 hours, {same} in the same way), "
        f"the first known on {clock_time(earlier[0]['at'])}."
    )
    values: Values = {"count": len(earlier), "lately": lately, "same": same, "at": earlier[0]["at"]}
    return Sentence("before", words, values)


def _manner(fact: Fact) -> tuple[object, ...]:
    details = fact["details"]
    return fact["kind"], details.get("signal"), details.get("status"), details.get("text"), _reason(details)


def _then(facts: Sequence[Fact], index: int, clock_time: ClockTime) -> list[Sentence]:
    """What Vigil, and people, did about it."""
    done: list[Sentence] = []
    for fact in facts[index + 1 :]:
        details, at = fact["details"], clock_time(fact["at"])
        values: Values = {"at": fact["at"]}
        text = str(details.get("text", ""))
        match fact["kind"], details.get("new"), details.get("cause"):
            case "state", "STARTING", "restart" | "retry":
                done.append(Sentence("restarted", f"Vigil started it again on {at}.", values))
            case "state", "STARTING", _:
                values["by"] = str(details.get("by", ""))
                done.append(Sentence("started", f"it was started{by_whom(details)} on {at}.", values))
            case "state", "RUNNING", _:
                done.append(Sentence("running", f"it has been RUNNING since {at}.", values))
            case "state", "FATAL", _:
                words = f"Vigil gave it up on {at} (FATAL): nothing starts it again but you."
                done.append(Sentence("gave_up", words, values))
            case "state", "STOPPED", _:
                done.append(Sentence("stopped", f"it was stopped on {at}.", values))
            case "flapping", _, _ if details.get("what") == "began":
                words = f"Vigil found it flapping on {at} ({text})."
                done.append(Sentence("flapping", words, {**values, "text": text}))
            case "unseen", _, _:
                done.append(Sentence("ended_unseen", f"{text}.", {"text": text}))
            case _:
                pass
    nothing = "nothing yet: it is not restarted by itself, or waits for its next try."
    return done[:8] or [Sentence("nothing", nothing)]


def _more_advice(
    name: str, facts: Sequence[Fact], index: int, details: Mapping[str, object]
) -> list[Sentence]:
    advice = []
    ran, values = details.get("ran"), {"name": name}
    if isinstance(ran, int | float) and ran < QUICK_SECONDS and "signal" not in details:
        words = "it ended quickly: run its command by hand, as its user and in its directory, and read what it says"
        advice.append(Sentence("by_hand", words))
    if any(fact["details"].get("new") == "FATAL" for fact in facts[index:]):
        advice.append(Sentence("start_it", f"when that is mended: supervisorctl start {name}", {**values}))
    words = f"all that happened: vigil history {name}; its output: supervisorctl tail {name} stderr"
    advice.append(Sentence("look", words, {**values}))
    return advice
