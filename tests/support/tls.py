"""A certificate for a server in a test, made for the occasion and signed by nobody."""

import ssl
import subprocess
from pathlib import Path

import pytest


def server_context(directory: Path, name: str = "IP:127.0.0.1") -> ssl.SSLContext:
    """For 127.0.0.1, or whom `name` says (`DNS:a.example`). `cert.pem` can be trusted as an authority. Skips the test where there is no openssl."""
    key, certificate = directory / "key.pem", directory / "cert.pem"
    command = f"openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test -addext subjectAltName={name} -keyout {key} -out {certificate}"
    try:
        subprocess.run(command.split(), check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("openssl is not installed")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context
