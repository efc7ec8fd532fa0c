"""The client's settings as values. Apart from the model, because every `supervisorctl` waits for its imports."""

from vigild.core.frozen import plain


@plain
class ControlConfig:
    """`[supervisorctl]`: where and how the client connects."""

    path: str | None
    server_url: str = "http://localhost:9001"
    username: str | None = None
    password: str | None = None
    prompt: str = "supervisor"
    history_file: str | None = None
    token_file: str | None = None
    ca_file: str | None = None
    certfile: str | None = None
    keyfile: str | None = None
    plugins: tuple[tuple[str, str, dict[str, str]], ...] = ()  # name, factory spec, options
