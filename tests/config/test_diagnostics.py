from vigild.config.diagnostics import Diagnostic, has_errors, tally
from vigild.config.model import Where


def test_a_finding_reads_as_file_line_severity_place_text_and_hint() -> None:
    finding = Diagnostic("error", Where("f.conf", 3), "program:x", "command", "is bad", "do better", "V006")

    assert str(finding) == "f.conf:3: error: [program:x] command: is bad\n    hint: do better"


def test_what_is_not_known_is_left_out() -> None:
    assert str(Diagnostic("info", Where("f.conf", 0), None, None, "is empty")) == "f.conf: info: is empty"
    assert str(Diagnostic("info", Where("f", 1), "a", None, "odd")) == "f:1: info: [a]: odd"


def test_errors_are_seen_among_findings() -> None:
    warning = Diagnostic("warning", Where("f", 1), None, None, "x")
    error = Diagnostic("error", Where("f", 1), None, None, "x")
    assert not has_errors([warning])
    assert has_errors([warning, error])


def test_findings_are_counted_by_severity() -> None:
    found = [Diagnostic(severity, Where("f", 1), None, None, "x") for severity in ("error", "info", "info")]
    assert tally(found) == {"errors": 1, "warnings": 0, "infos": 2}
