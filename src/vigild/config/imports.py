"""Whether an entry point (`module:name`, Supervisor's spelling for factories and handlers) can be imported."""


def why_not_importable(spec: str) -> str:
    """'' when `module:name` imports and has the name, else the reason. Runs the module's code."""
    from importlib import import_module

    module_name, _colon, attributes = spec.partition(":")
    attributes = attributes.partition("[")[0].strip()
    try:
        found: object = import_module(module_name.strip())
        for attribute in filter(None, attributes.split(".")):
            found = getattr(found, attribute)
    except (Exception, SystemExit) as error:  # importing runs somebody else's code: anything may come
        kind = "" if isinstance(error, ImportError | AttributeError) else f"{type(error).__name__}: "
        return f"{kind}{error}" if str(error) else type(error).__name__
    return ""
