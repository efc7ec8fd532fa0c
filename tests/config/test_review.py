"""What is suspicious about a document: unknown names, things given twice."""

from pathlib import Path

from config.build import load_text, only


def test_what_is_unknown_is_told_with_what_was_meant(tmp_path: Path) -> None:
    text = """
        [Program:x]
        [rpcinterfaces:y]
        [supervisord:z]
        [program]
        [something else]
        [supervisord]
        stopsignal=TERM
        [program:a]
        command=/bin/true
        logfile=/tmp/x
        autostrat=true
        whatever=b
        programs=z
        [rpcinterface:own]
        supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
        any=thing
    """
    hints = {
        item.where.line: item.hint
        for item in load_text(tmp_path, text).diagnostics
        if item.code in ("V101", "V102")
    }

    assert hints[2] == "did you mean [program:x]?"
    assert hints[3] == "did you mean [rpcinterface:y]?"
    assert hints[4] == "write [supervisord]"
    assert hints[5] == "write [program:NAME]"
    assert hints[6].startswith("drop it, or put ; before its lines")
    assert hints[8] == "it belongs in [program:NAME]"
    assert hints[11] == "did you mean stdout_logfile?"
    assert hints[12] == "did you mean autostart?"
    assert hints[13] == "drop it; what it was to do does not happen"
    assert hints[14] == "it belongs in [group:NAME]"
    assert len(hints) == 10


def test_a_key_given_twice_is_told_with_both_places(tmp_path: Path) -> None:
    finding = only(load_text(tmp_path, "[program:x]\ncommand=a\ncommand=b\n"), "V103")

    assert finding.where.line == 3
    assert "supervisord.conf:2" in finding.text
