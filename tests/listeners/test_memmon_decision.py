"""Which processes memmon restarts, and what it says of it."""

from support.process_infos import info
from vigild.client.errors import FaultError
from vigild.listeners.effects import Say
from vigild.listeners.memmon_decision import (
    Over,
    Restart,
    Settings,
    decide,
    failed_start_mail,
    failed_stop_mail,
    mail_of,
)

WEB, JOB, OFF = info("web", pid=10), info("job", "site", pid=11), info("off", pid=0, state=0)
INFOS = [WEB, JOB, OFF]
RSS = {10: 1000, 11: 2000}


def restarted(settings: Settings, over: Over | None = None, now: float = 0.0) -> list[str]:
    _, effects = decide(INFOS, RSS, over or {}, settings, now)
    return [effect.info["name"] for effect in effects if isinstance(effect, Restart)]


def said(settings: Settings) -> str:
    return "".join(
        effect.text for effect in decide(INFOS, RSS, {}, settings, 0.0)[1] if isinstance(effect, Say)
    )


def test_limits_by_name_group_and_any() -> None:
    assert ["web"] == restarted(Settings(programs={"web": 999}))
    assert [] == restarted(Settings(programs={"web": 1000}))
    assert ["job"] == restarted(Settings(programs={"site:job": 999}))
    assert ["job"] == restarted(Settings(groups={"site": 1}))
    assert ["web", "job"] == restarted(Settings(any=1))


def test_one_over_several_limits_is_restarted_once() -> None:
    settings = Settings(programs={"job": 1, "site:job": 1}, groups={"site": 1}, any=1)
    assert ["web", "job"] == restarted(settings)


def test_specific_limits_win_if_asked_for() -> None:
    settings = Settings(programs={"job": 5000}, groups={"site": 1}, any=1)
    assert ["web", "job"] == restarted(settings)
    assert ["web"] == restarted(settings._replace(specific=True))


def test_it_never_restarts_itself() -> None:
    assert ["web"] == restarted(Settings(any=1, own="site:job"))


def test_a_process_that_is_gone_is_left_alone() -> None:
    assert 1 == len(decide(INFOS, {}, {}, Settings(any=1), 0.0)[1])


def test_only_what_stays_over_its_limit_for_long_is_restarted() -> None:
    settings = Settings(any=1500, hold_seconds=60)
    over, effects = decide(INFOS, RSS, {}, settings, 100.0)
    assert {("site:job", 11): 100.0} == over
    assert not any(isinstance(effect, Restart) for effect in effects)
    assert [] == restarted(settings, over, 159.0)
    assert ["job"] == restarted(settings, over, 160.0)
    assert {} == decide(INFOS, {10: 1, 11: 1}, over, settings, 160.0)[0]  # below again: forgotten


def test_what_it_says() -> None:
    settings = Settings(programs={"web": 1, "a": 2}, groups={"site": 9999}, any=5000)
    assert (
        "Checking programs a=2, web=1\nChecking groups site=9999\nChecking any=5000\n"
        "RSS of web:web is 1000\nRestarting web:web\nRSS of site:job is 2000\nRSS of site:job is 2000\n"
    ) == said(settings)


def test_mails() -> None:
    settings = Settings(email="me@example.invalid", name="box")
    mail = mail_of(Restart(JOB, 2000), settings, "WHEN", "ZONE")
    assert mail is not None
    assert "memmon [box]: process site:job restarted" == mail.subject
    assert (
        "memmon.py restarted the process named site:job at WHEN ZONE because it was consuming too much memory (2000 bytes RSS)"
    ) == mail.body
    assert mail_of(Restart(JOB, 1), settings._replace(uptime_seconds=100), "", "") is not None
    assert mail_of(Restart(JOB, 1), settings._replace(uptime_seconds=99), "", "") is None
    assert mail_of(Restart(JOB, 1), Settings(), "", "") is None


def test_what_is_told_when_a_restart_fails() -> None:
    fault, settings = FaultError(10, "BAD_NAME: x"), Settings(email="me@example.invalid")
    words, mail = failed_stop_mail(settings, "a:b", 7, fault)
    assert "Failed to stop process a:b (RSS 7), exiting: <Fault 10: 'BAD_NAME: x'>" == words
    assert mail is not None
    assert ("memmon: failed to stop process a:b, exiting", words) == (mail.subject, mail.body)
    words, mail = failed_start_mail(settings, "a:b", fault)
    assert "Failed to start process a:b after stopping it, exiting: <Fault 10: 'BAD_NAME: x'>" == words
    assert mail is not None
    assert "memmon: failed to start process a:b, exiting" == mail.subject
