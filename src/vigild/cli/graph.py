"""`vigil graph [-c FILE] [--dot | --json]`: who waits for whom, and in which waves the programs of a configuration start.

Exit code 0, or 2 where the configuration does not load.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence

from vigild.cli.command_line import CommandLine, refuse
from vigild.cli.terminal import line_of, padded, width_of
from vigild.config.dependencies import edges_of_groups
from vigild.config.load import find_config_file, load, searched_paths
from vigild.config.model import GroupConfig, ProcessConfig
from vigild.core.dependency import Edges, name_of, node_of, start_waves

EXIT_ERRORS = 2
Programs = dict[str, ProcessConfig]


def main(arguments: Sequence[str]) -> int:
    """Print the graph."""
    options = build_parser().parse_args(list(arguments))
    path = options.file or find_config_file(sys.argv[0], os.getcwd())
    if path is None:
        places = ", ".join(dict.fromkeys(searched_paths(sys.argv[0])))
        text = f"no configuration file found; looked for {places}. Name one with -c."
        return refuse("vigil graph", text, EXIT_ERRORS, "bad_configuration", as_json=options.json)
    loaded = load(path, environ=os.environ)
    if loaded.config is None:
        errors = "\n".join(str(finding) for finding in loaded.diagnostics if finding.severity == "error")
        if options.json:
            return refuse("vigil graph", errors, EXIT_ERRORS, "bad_configuration", as_json=True)
        print(errors, file=sys.stderr)
        return EXIT_ERRORS
    groups = loaded.config.groups
    programs = programs_of(groups)
    edges = edges_of_groups(groups)
    if options.json:
        text = as_json(programs, edges)
    else:
        text = as_dot(programs, edges) if options.dot else as_text(programs, edges)
    try:
        print(text, flush=True)
    except BrokenPipeError:  # `vigil graph | head`: the reader has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def build_parser() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = CommandLine(
        prog="vigil graph",
        description="Show in which waves the programs of a configuration file start, and what each waits for.",
        epilog="exit status: 0 done; 2 the configuration does not load, or wrong usage",
    )
    parser.add_argument(
        "-c",
        "--configuration",
        dest="file",
        metavar="FILE",
        help="the configuration file (default: where supervisord looks for it)",
    )
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument(
        "--dot", action="store_true", help="print a graph for Graphviz: vigil graph --dot | dot -Tsvg"
    )
    kind.add_argument(
        "--json", action="store_true", help="one JSON object: waves, arrays of names, and processes, an array"
    )
    return parser


def programs_of(groups: Sequence[GroupConfig]) -> Programs:
    """Every process by its node, in the order of start."""
    return {node_of(group.name, process.name): process for group in groups for process in group.processes}


def as_text(programs: Programs, edges: Edges) -> str:
    """A line for each process, under the wave it starts in."""
    lines = []
    for number, wave in enumerate(start_waves(edges), 1):
        lines.append(f"wave {number}")
        width = max(width_of(name_of(node)) for node in wave)
        for node in wave:
            waits = ", ".join(map(str, programs[node].depends_on))
            by_itself = "" if programs[node].autostart else "not started by itself"
            notes = "; ".join(filter(None, (f"waits for {waits}" if waits else "", by_itself)))
            lines.append(line_of(["", padded(name_of(node), width), notes]))
    return "\n".join(lines) or "no programs"


def as_dot(programs: Programs, edges: Edges) -> str:
    """For Graphviz; an arrow leads from a program to what it waits for."""
    lines = ["digraph vigil {", "  rankdir=LR;", "  node [shape=box];"]
    for node, targets in edges.items():
        if node in programs:
            lines.append(f"  {_quoted(name_of(node))};")
            lines += [
                f"  {_quoted(name_of(node))} -> {_quoted(name_of(target))} [label={_quoted(dependency.condition.value)}];"
                for dependency in programs[node].depends_on
                for target in dependency.targets
            ]
        else:  # a whole group
            lines.append(f"  {_quoted(name_of(node))} [shape=ellipse];")
            lines += [
                f"  {_quoted(name_of(node))} -> {_quoted(name_of(target))} [style=dotted];"
                for target in targets
            ]
    return "\n".join([*lines, "}"])


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def as_json(programs: Programs, edges: Edges) -> str:
    """One document: the waves, and each process with what it waits for."""
    waves = start_waves(edges)
    document = {
        "waves": [[name_of(node) for node in wave] for wave in waves],
        "processes": [
            {
                "name": name_of(node),
                "wave": number,
                "autostart": programs[node].autostart,
                "depends_on": [
                    {
                        "name": dependency.name,
                        "condition": dependency.condition.value,
                        "targets": [name_of(target) for target in dependency.targets],
                    }
                    for dependency in programs[node].depends_on
                ],
                "restart_with_dependency": programs[node].restart_with_dependency,
            }
            for number, wave in enumerate(waves, 1)
            for node in wave
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=False)
