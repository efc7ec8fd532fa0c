"""`vigil check [FILE] [--json]`: read a configuration as the daemon would, and say what is wrong with it.

Exit code 0: clean (remarks of severity info may have been printed), 1: warnings, 2: errors, which includes
a file that cannot be found.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence

from vigild.cli.command_line import CommandLine, add_json_flag, refuse
from vigild.config.diagnostics import Diagnostic, tally
from vigild.config.lint import lint
from vigild.config.load import Loaded, find_config_file, load, searched_paths

EXIT_CLEAN, EXIT_WARNINGS, EXIT_ERRORS = 0, 1, 2


def main(arguments: Sequence[str]) -> int:
    """Check a file; the exit code tells the worst finding."""
    options = build_parser().parse_args(list(arguments))
    path = options.file or options.configuration or find_config_file(sys.argv[0], os.getcwd())
    if path is None:
        places = ", ".join(dict.fromkeys(searched_paths(sys.argv[0])))
        text = f"no configuration file found; looked for {places}. Name one."
        return refuse("vigil check", text, EXIT_ERRORS, "bad_configuration", as_json=options.json)
    loaded = load(path, environ=os.environ)
    findings = lint(loaded, environ=os.environ)
    _show(as_json(path, loaded, findings) if options.json else as_text(path, findings))
    return exit_code(findings)


def build_parser() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = CommandLine(
        prog="vigil check",
        description="Check a configuration file: errors, and what is likely to be a mistake.",
        epilog="exit status: 0 clean, or remarks only; 1 warnings; 2 errors, a file that cannot be found, or wrong usage",
    )
    parser.add_argument(
        "file",
        nargs="?",
        metavar="FILE",
        help="the configuration file (default: where supervisord looks for it)",
    )
    parser.add_argument(
        "-c",
        "--configuration",
        metavar="FILE",
        help="the same, as other commands have it",
    )
    add_json_flag(
        parser,
        "one JSON object: file, files (those that were read), errors, warnings and infos (how many), and findings, an array",
    )
    return parser


def _show(text: str) -> None:
    try:
        print(text, flush=True)
    except BrokenPipeError:  # `vigil check | head`: the reader has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def exit_code(findings: Sequence[Diagnostic]) -> int:
    """0 clean, 1 warnings, 2 errors."""
    severities = {finding.severity for finding in findings}
    if "error" in severities:
        return EXIT_ERRORS
    return EXIT_WARNINGS if "warning" in severities else EXIT_CLEAN


def as_text(path: str, findings: Sequence[Diagnostic]) -> str:
    """Findings with their codes, and a line that counts them."""
    lines = []
    for finding in findings:
        first, *rest = str(finding).split("\n")
        lines += [f"{first} ({finding.code})", *rest]
    lines.append(f"{path}: {_count(findings)}")
    return "\n".join(lines).encode("utf-8", "backslashreplace").decode()


def _count(findings: Sequence[Diagnostic]) -> str:
    words = {"errors": "error", "warnings": "warning", "infos": "remark"}
    parts = [
        f"{count} {words[severity]}{'' if count == 1 else 's'}"
        for severity, count in tally(findings).items()
        if count
    ]
    return ", ".join(parts) or "no findings"


def as_json(path: str, loaded: Loaded, findings: Sequence[Diagnostic]) -> str:
    """One document: the files read, the findings, and how many of each severity."""
    document = {
        "file": path,
        "files": list(loaded.files),
        **tally(findings),
        "findings": [
            {
                "severity": finding.severity,
                "code": finding.code,
                "file": finding.where.file,
                "line": finding.where.line,
                "section": finding.section,
                "option": finding.option,
                "text": finding.text,
                "hint": finding.hint,
                "excerpt": finding.excerpt,
            }
            for finding in findings
        ],
    }
    return json.dumps(document, indent=2)
