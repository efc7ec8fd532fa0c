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
    except (ImportError, AttributeError, ValueError, TypeError) as error:
        return str(error) or type(error).__name__
    return ""
