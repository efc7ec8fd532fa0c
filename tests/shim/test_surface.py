"""What code in the wild imports is there, means the same, and costs little to import."""

import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import supervisor
from supervisor import (
    childutils,
    compat,
    confecho,
    datatypes,
    dispatchers,
    events,
    http,
    options,
    pidproxy,
    process,
    rpcinterface,
    states,
    supervisorctl,
    supervisord,
    xmlrpc,
)
from vigild.core import errors
from vigild.core.events import EVENT_TYPES, ancestry
from vigild.core.states import ListenerState, ProcessState, SupervisorState

# Found in listeners, plugins and clients that are public: Superlance, supervisor_stdout, wildcard plugins…
SURFACE: dict[ModuleType, str] = {
    supervisor: "__version__",
    childutils: "getRPCInterface getRPCTransport listener pcomm get_headers eventdata get_asctime EventListenerProtocol "
    "ProcessCommunicationsProtocol",
    xmlrpc: "SupervisorTransport Faults RPCError getFaultDescription loads",
    states: "ProcessStates SupervisorStates EventListenerStates STOPPED_STATES RUNNING_STATES SIGNALLABLE_STATES "
    "getProcessStateDescription getSupervisorStateDescription getEventListenerStateDescription",
    events: "EventTypes getEventNameByType register subscribe unsubscribe notify clear Event TickEvent Tick5Event "
    "ProcessStateEvent ProcessCommunicationEvent ProcessLogEvent RemoteCommunicationEvent SupervisorRunningEvent TICK_EVENTS",
    options: "VERSION make_namespec split_namespec decode_wait_status signame normalize_path expand",
    datatypes: "byte_size SuffixMultiplier boolean integer list_of_strings signal_number",
    dispatchers: "default_handler RejectEvent stripEscapes PEventListenerDispatcher",
    rpcinterface: "API_VERSION make_main_rpcinterface",
    http: "NOT_DONE_YET",
    process: "ProcessStates",
    supervisorctl: "main ControllerPluginBase LSBInitExitStatuses LSBStatusExitStatuses",
    confecho: "main",
    pidproxy: "main",
    supervisord: "main",
    compat: "as_bytes as_string xmlrpclib httplib urlparse StringIO unicode long raw_input Fault encodestring "
    "decodestring maxint PY2 import_spec is_text_stream escape letters md5 sha1 thread HTMLParser ConfigParser",
}


@pytest.mark.parametrize("module", SURFACE, ids=lambda module: module.__name__)
def test_names_are_there(module: ModuleType) -> None:
    assert [name for name in SURFACE[module].split() if not hasattr(module, name)] == []


def test_unknown_names_are_refused() -> None:
    with pytest.raises(AttributeError):
        compat.no_such_name  # noqa: B018


def test_version_is_the_release_that_clients_compare() -> None:
    assert supervisor.__version__ == options.VERSION == "4.3.0"
    assert Path(supervisor.__file__).with_name("version.txt").read_text().strip() == "4.3.0"
    assert rpcinterface.API_VERSION == "3.0"


def test_states_agree_with_the_core() -> None:
    for numbers, described, kind in (
        (states.ProcessStates, states.getProcessStateDescription, ProcessState),
        (states.SupervisorStates, states.getSupervisorStateDescription, SupervisorState),
        (states.EventListenerStates, states.getEventListenerStateDescription, ListenerState),
    ):
        names = {name: value for name, value in vars(numbers).items() if name.isupper()}
        assert names == {state.name: state.value for state in kind}
        assert [described(value) for value in names.values()] == list(names)
        assert described(-99) is None


def test_faults_agree_with_the_core() -> None:
    from supervisor.xmlrpc import Faults

    assert {k: v for k, v in vars(Faults).items() if k.isupper()} == {
        fault.name: fault.value for fault in errors.Fault
    }


def test_event_classes_form_the_tree_of_the_core() -> None:
    classes = {name: kind for name, kind in vars(events.EventTypes).items() if name.isupper()}
    vigils = {
        name for name in EVENT_TYPES if name.startswith(("PROCESS_FLAPPING", "PROCESS_HEALTH", "MONITOR_"))
    }
    assert set(classes) == EVENT_TYPES - vigils  # whoever imports these was written for Supervisor
    for name, kind in classes.items():
        assert events.getEventNameByType(kind) == name
        above = {other for other in classes if issubclass(kind, classes[other])}
        assert above == set(ancestry(name))
    assert events.getEventNameByType(object) is None


def test_subscriptions_and_names_of_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []
    events.subscribe(events.TickEvent, seen.append)
    tick = events.Tick60Event(120, None)
    events.notify(tick)
    events.notify(events.SupervisorRunningEvent())
    events.unsubscribe(events.TickEvent, seen.append)
    events.notify(tick)
    assert seen == [tick]
    assert tick.payload() == "when:120"
    events.subscribe(events.Event, seen.append)
    events.clear()
    assert events.callbacks == []
    monkeypatch.setattr(events.EventTypes, "MINE", None, raising=False)  # taken away again afterwards
    events.register("MINE", Path)
    assert events.getEventNameByType(Path) == "MINE"


def test_payloads_that_are_made_here() -> None:
    assert events.RemoteCommunicationEvent("t", "d").payload() == "type:t\nd"
    assert events.ProcessGroupAddedEvent("g").payload() == "groupname:g\n"
    assert events.SupervisorStoppingEvent().payload() == ""


def test_result_handler() -> None:
    dispatchers.default_handler(None, b"OK")
    with pytest.raises(errors.RejectEvent):
        dispatchers.default_handler(None, b"FAIL")
    assert dispatchers.stripEscapes(b"\x1b[31mred\x1b[0m") == b"red"


def test_main_rpcinterface_is_only_a_name() -> None:
    with pytest.raises(NotImplementedError):
        rpcinterface.make_main_rpcinterface(None)


def test_namespecs() -> None:
    assert options.split_namespec("a:b") == ("a", "b")
    assert options.split_namespec("a:*") == ("a", None)
    assert options.make_namespec("a", "a") == "a"


def test_small_helpers(tmp_path: Path) -> None:
    assert options.decode_wait_status(0x0300) == (3, "exit status 3")
    assert options.decode_wait_status(9) == (-1, "terminated by SIGKILL")
    assert options.decode_wait_status(0x8B) == (-1, "terminated by SIGSEGV (core dumped)")
    assert options.decode_wait_status(0x137F)[0] == -1
    assert options.signame(99) == "signal 99"
    assert options.normalize_path("~/x/../y") == os.path.expanduser("~/y")
    assert options.expand("%(a)s", {"a": 1}, "x") == "1"
    for bad in ("%(b)s", "%(a)q"):
        with pytest.raises(ValueError, match="Format string"):
            options.expand(bad, {"a": 1}, "x")
    assert datatypes.byte_size("2MB") == 2 * 1024 * 1024
    assert datatypes.byte_size("17") == 17
    assert datatypes.boolean("Yes") is True
    assert datatypes.signal_number("hup") == datatypes.signal_number("1") == 1
    assert datatypes.list_of_ints("1, 2") == [1, 2]
    assert datatypes.octal_type("0700") == 0o700
    assert datatypes.integer("7") == 7
    assert datatypes.existing_directory(str(tmp_path)) == str(tmp_path)
    for function, value in (
        (datatypes.boolean, "maybe"),
        (datatypes.signal_number, "SIGNOPE"),
        (datatypes.signal_number, "999"),
        (datatypes.octal_type, "9"),
        (datatypes.existing_directory, "/no/such"),
    ):
        with pytest.raises(ValueError):
            function(value)


def test_compat() -> None:
    assert compat.as_bytes("ü") == b"\xc3\xbc"
    assert compat.as_bytes(b"x") == b"x"
    assert compat.as_string(b"\xc3\xbc") == compat.as_string("ü") == "ü"
    assert compat.is_text_stream(sys.__stdout__)
    assert compat.import_spec("os.path:join") is os.path.join
    assert compat.resource_filename("supervisor", "version.txt").endswith("/version.txt")


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "PYTHONPATH": "src"}
    return subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, text=True)


def test_importing_childutils_is_cheap() -> None:
    script = (
        "import sys; from supervisor import childutils, states, events, options; print(' '.join(sys.modules))"
    )
    loaded = set(run("-S", "-c", script).stdout.split())
    heavy = {"ssl", "email", "http.client", "xmlrpc.client", "asyncio", "logging", "inspect", "hashlib"}
    assert "supervisor.childutils" in loaded
    assert loaded & heavy == set()


def test_commands_run_as_modules() -> None:
    assert "serverurl" in run("-m", "supervisor.supervisorctl", "-h").stdout
    assert run("-m", "supervisor.supervisorctl", "-c", "/nowhere", "status").returncode == 2
    assert run("-m", "supervisor.confecho").stdout.startswith("; A sample configuration")
    assert run("-m", "supervisor.pidproxy").returncode == 1
    assert run("-m", "supervisor.supervisord", "-v").stdout.strip() == "4.3.0"
