"""The console of a daemon in a browser, for tests."""

from contextlib import ExitStack
from dataclasses import dataclass, field

from playwright.sync_api import Browser, BrowserContext, Page

from support.daemon import Daemon
from support.until import DEADLINE_SECONDS


@dataclass
class Console:
    """The console of one daemon, and whatever its pages complained of."""

    daemon: Daemon
    port: int
    browser: Browser
    stack: ExitStack
    complaints: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def context(
        self,
        *,
        language: str = "en-US",
        width: int = 1440,
        height: int = 900,
        dark: bool = False,
        user: str = "",
        headers: dict[str, str] | None = None,
    ) -> BrowserContext:
        """A browser of its own: no cookies, nothing remembered."""
        name, _, password = user.partition(":")
        context = self.browser.new_context(
            locale=language,
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            http_credentials={"username": name, "password": password} if user else None,
            extra_http_headers=headers,
        )
        context.set_default_timeout(DEADLINE_SECONDS * 1000)
        self.stack.callback(context.close)
        return context

    def page(self, path: str = "", **how: object) -> Page:
        """A page of it. What the browser complains of (a refused script, say) fails the test."""
        page = self.context(**how).new_page()  # type: ignore[arg-type]
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda message: self._heard(message.type, message.text))
        page.goto(self.url + path)
        return page

    def _heard(self, kind: str, text: str) -> None:
        if kind == "error" and "Failed to load resource" not in text and "ERR_" not in text:
            self.complaints.append(text)
