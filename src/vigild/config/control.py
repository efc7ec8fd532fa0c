"""What `supervisorctl` reads: `[supervisorctl]` and `[ctlplugin:x]` of one file, nothing else of it.

Includes are not followed and programs not resolved (as in Supervisor), so that a client starts fast however
big the file is: sections that cannot matter are skipped as text.
"""

import os
import re
from collections.abc import Mapping

from vigild.config.accounts import Surroundings, SystemAccounts
from vigild.config.control_config import ControlConfig
from vigild.config.diagnostics import Diagnostic
from vigild.config.ini import Document, decode, read_text
from vigild.config.options import CTLPLUGIN, SUPERVISORCTL
from vigild.config.place import Where
from vigild.config.resolve import Resolver, plugin_options

CTL_FACTORY_KEY = "supervisor.ctl_factory"
# A `[` in the first column always begins a section; what stands before the next one is of no use to us
# unless the header is one of these. Indented headers are legal too, and need the whole file read.
_WANTED = re.compile(r"\[(?:supervisorctl\]|ctlplugin:|DEFAULT\])")
_INDENTED = re.compile(r"^[^\S\n]+\[(?:supervisorctl\]|ctlplugin:|DEFAULT\])", re.MULTILINE)
_HEADER = re.compile(r"^(?=\[)", re.MULTILINE)


def load_control(
    path: str | None, *, environ: Mapping[str, str]
) -> tuple[ControlConfig, tuple[Diagnostic, ...]]:
    """The client's settings; defaults where there is no file. An error means that Supervisor's client would refuse."""
    if path is None:
        return ControlConfig(None), ()
    around = Surroundings(environ, SystemAccounts(), os.uname().nodename)
    here = os.path.dirname(around.normal_path(path))
    document, text = Document(), ""
    try:
        with open(path, "rb") as file:
            text, _ = decode(file.read(), path)
    except OSError as error:
        missing = isinstance(error, FileNotFoundError)
        message = f"could not {'find' if missing else 'read'} config file {path}"
        finding = Diagnostic("error", Where(path, 0), None, None, message, str(error.strerror), "V001")
        return ControlConfig(path), (finding,)
    document = read_text(relevant_text(text), path)
    resolver = Resolver(document, here, around)
    return _resolve(resolver, path), tuple(resolver.diagnostics)


def relevant_text(text: str) -> str:
    """The text with the lines of sections that a client has no use for blanked (line numbers stay)."""
    if _INDENTED.search(text):
        return text
    parts = _HEADER.split(text)
    return "".join(part if _WANTED.match(part) else "\n" * part.count("\n") for part in parts)


def _resolve(resolver: Resolver, path: str) -> ControlConfig:
    control = ControlConfig(path)
    section = resolver.document.sections.get("supervisorctl")
    if section is None:
        text = ".ini file does not include supervisorctl section"
        hint = "add [supervisorctl] with serverurl=, or name the server with -s URL and another file with -c"
        resolver.report("error", "V004", Where(path, 0), None, None, text, hint)
        return control
    for option in SUPERVISORCTL.values():
        value = resolver.value(section, option)
        if value is not None:
            setattr(control, option.field, value)
    around = resolver.around
    if control.server_url.startswith("unix://"):
        control.server_url = f"unix://{around.normal_path(control.server_url[7:])}"
    control.history_file = around.normal_path(control.history_file) if control.history_file else None
    for name in ("token_file", "ca_file", "certfile", "keyfile"):
        path = getattr(control, name)
        setattr(control, name, around.normal_path(path) if path else None)
    control.plugins = _plugins(resolver)
    return control


def _plugins(resolver: Resolver) -> tuple[tuple[str, str, dict[str, str]], ...]:
    plugins = []
    option = CTLPLUGIN[CTL_FACTORY_KEY]
    for section in resolver.document.sections.values():
        if not section.name.startswith("ctlplugin:"):
            continue
        factory = resolver.value(section, option)
        if factory is None:
            text = f"no {CTL_FACTORY_KEY}= in this section"
            resolver.refuse(section, None, "V005", text, f"add {CTL_FACTORY_KEY}=module:function")
            continue
        options = plugin_options(resolver, section, CTL_FACTORY_KEY)
        plugins.append((section.name.partition(":")[2], factory, options))
    return tuple(plugins)
