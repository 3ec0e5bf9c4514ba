"""The connections below HTTP: how many there are, how long each may say nothing, and what is written of them."""

import asyncio
import contextlib
import logging
from typing import Any

import h11
from gradio import http_server
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol

from gan.ui.gate import Gate

MOST_CONNECTIONS = 1_000
SPARE_FILES = 200  # descriptors for what is no connection
HEAD_SECONDS = 10  # that a connection may be without a whole request
LINGER_SECONDS = 2  # that a body may go on coming after its refusal: whoever sends it reads the answer at its end
READ_SECONDS = 30  # that somebody may leave unread what was sent
MOST_LINES = 200  # of a log, no two alike


class Connection(H11Protocol):
    """A connection that ends where it asks nothing, or reads nothing, for long; the oldest idle one makes room."""

    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        if len(self.connections) >= most_connections():
            idle = [other for other in self.connections if isinstance(other, Connection) and other.is_idle()]
            if not idle:
                return transport.abort()
            min(idle, key=lambda other: other.since).transport.abort()
        self.since = self.loop.time()
        super().connection_made(transport)
        self._wait(HEAD_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait(None)
        if self.flow is not None:  # else it was never let in
            super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if not self.is_idle():
            self._wait(None)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self.since = self.loop.time()
        if self.conn.their_state is h11.SEND_BODY:
            self._wait(LINGER_SECONDS)
        elif not self.flow.write_paused:
            self._wait(HEAD_SECONDS if self.is_idle() else None)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._wait(READ_SECONDS)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._wait(HEAD_SECONDS if self.is_idle() else None)

    def is_idle(self) -> bool:
        """Return whether no request is being answered."""
        return self.cycle is None or self.cycle.response_complete

    def _wait(self, seconds: float | None) -> None:
        if self._patience:
            self._patience.cancel()
        self._patience = self.loop.call_later(seconds, self.transport.abort) if seconds else None


class Server(http_server.Server):
    """Gradio's server behind the gate, with connections that are bounded. Gradio has no argument for either."""

    def __init__(self, config: Config, *arguments: Any, **options: Any) -> None:
        app: Any = config.app  # Gradio's own, which knows its page
        config.app = Gate(app, app.get_blocks())
        config.http, config.ws = Connection, "none"
        super().__init__(config, *arguments, **options)
        self.running_app = app  # what Gradio reloads in a Space
        for name in ("asyncio", "uvicorn.error"):
            logging.getLogger(name).addFilter(Once())


class Once(logging.Filter):
    """Lets a line through once: a flood of connections must not become a flood of lines."""

    def __init__(self) -> None:
        super().__init__()
        self._seen: set[str] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        line = record.getMessage().partition("\n")[0]
        if line in self._seen or len(self._seen) >= MOST_LINES:
            return False
        self._seen.add(line)
        return True


def raise_limit() -> None:
    """Let this process open as many files as the system allows, connections included."""
    with contextlib.suppress(ImportError, ValueError, OSError):  # not on Windows; not to infinity on a Mac
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def most_connections() -> int:
    """Return how many connections there may be at a time."""
    try:
        import resource
    except ImportError:
        return MOST_CONNECTIONS
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST_CONNECTIONS if soft < 0 else max(1, min(MOST_CONNECTIONS, soft - SPARE_FILES))
