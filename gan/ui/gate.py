"""The gate before Gradio: which hosts, routes and bodies come through, and what strangers are told where one does not.

Gradio serves some sixty routes, reads bodies of any shape, and answers what it did not expect with HTTP 500 and a
traceback. The page and gradio_client need a few of these routes and send some hundred bytes.
"""

import asyncio
import json
import re
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager, nullcontext
from typing import Any
from urllib.parse import urlsplit

from starlette.responses import JSONResponse

from gan.errors import printable
from gan.ui.hosts import Scope, header, host_name, is_loopback, visitor_of

MAX_BODY = 64_000  # bytes; 1,000 coordinates of a latent have half of that
MAX_VALUES = 4_000  # in one body
MAX_DEPTH = 20  # of lists in lists
BODY_SECONDS = 10  # that a body may take to come
STREAMS_EACH = 64  # answers that one visitor listens to at a time
PREVIEW_AT = "/preview.png"
PREVIEWS_EACH = 4  # that one visitor waits for at a time: they are drawn one after the other

API = "/gradio_api"
LISTEN = rf"{API}/(queue/data|heartbeat/\w+|call/(v2/)?\w+/\w+)"
READ = (
    r"/|/config/?|/theme\.css|/manifest\.json|/favicon\.ico|/robots\.txt|/pwa_icon(/\d+)?|/monitoring/summary"
    r"|/studio/\w+\.js|/preview\.png"
    r"|/(static|assets)/[\w./@+-]+"
    rf"|{API}/(app_id/?|info/?|openapi\.json|startup-events|theme\.css|queue/status|file=(?!https?:).+)"
)
UPLOAD = f"{API}/upload"  # which is answered here: a program's picture, see uploads.py
WRITE = rf"{UPLOAD}|{API}/(queue/join|cancel|reset/?|call/(v2/)?\w+/?)"
ROUTES = {"GET": re.compile(f"{READ}|{LISTEN}"), "HEAD": re.compile(READ), "POST": re.compile(WRITE)}
ASSISTANTS = re.compile(rf"{API}/mcp(/(schema|sse|messages/)?)?")  # of a page that offers itself to them
STREAM = re.compile(LISTEN)
# Texts of JSON, in which brackets and commas mean nothing; one without an end reaches to the end, so that none is slow.
TEXTS = re.compile(rb'"(?:[^"\\]|\\.?)*+(?:"|\Z)', re.DOTALL)

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Refused(Exception):
    """A request that goes no further, with its HTTP status and the sentence for whoever sent it."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


# --- what is asked ---------------------------------------------------------------------------------------------------


def check_body(body: bytes) -> None:
    """Refuse JSON that takes forty times its size in memory; what is no JSON at all, Gradio refuses."""
    bones = TEXTS.sub(b"", body)
    if sum(map(bones.count, (b",", b"[", b"{"))) > MAX_VALUES:
        raise Refused(413, f"A request holds at most {MAX_VALUES:,} values.")
    depth = 0
    for bracket in re.findall(rb"[\[{\]}]", bones):
        depth += 1 if bracket in b"[{" else -1
        if depth > MAX_DEPTH:
            raise Refused(400, f"A request holds at most {MAX_DEPTH} lists within one another.")
    if b"\\u" in body:
        try:
            json.dumps(json.loads(body), ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise Refused(400, "A text in this request holds half a character.") from None
        except ValueError:
            return  # no JSON


async def read_body(scope: Scope, receive: Receive, most: int = MAX_BODY) -> bytes:
    """Return the whole body, of at most so many bytes, however it is sent."""
    too_large = Refused(413, f"A request has at most {most:,} bytes here.")
    length = header(scope, "content-length")
    if length.isdigit() and int(length[:20]) > most:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Refused(400, "The request broke off.")
                body += message.get("body", b"")
                if len(body) > most:
                    raise too_large
                if not message.get("more_body"):
                    return bytes(body)
    except TimeoutError:
        raise Refused(408, f"A request must arrive within {BODY_SECONDS} seconds.") from None


# --- the gate --------------------------------------------------------------------------------------------------------


class Gate:
    """ASGI middleware around all of Gradio's application, its own error pages included.

    `page` is a gan.ui.blocks.Page: whom it trusts, under which path and which shared address it is served.
    """

    def __init__(self, app: Any, page: Any) -> None:
        self._app = app
        self._page = page
        self._listening: Counter[str] = Counter()
        self._previewing: Counter[str] = Counter()
        self._told: set[str] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await self._app(scope, receive, send)
        if scope["type"] != "http":
            return await send({"type": "websocket.close"})
        started = False

        async def pass_on(message: MutableMapping[str, Any]) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                if message["status"] == 500:
                    raise RuntimeError("HTTP 500")  # so that it is answered below
                started = True
            await send(message)

        try:
            await self._let_in(scope, receive, pass_on)
        except Refused as refusal:
            await JSONResponse({"detail": str(refusal)}, refusal.status)(scope, receive, send)
        except Exception as error:
            self._tell(scope, error)
            if started:  # cut it off: nothing that could follow would be understood
                return await send({"type": "http.response.body", "body": b"", "more_body": False})
            await JSONResponse({"detail": "This request cannot be answered."}, 400)(scope, receive, send)

    def _is_ours(self, route: re.Pattern[str] | None, path: str) -> bool:
        return self._is_for_assistants(path) or bool(route and route.fullmatch(path))

    def _is_for_assistants(self, path: str) -> bool:
        return bool(self._page.mcp_server and ASSISTANTS.fullmatch(path))

    def _without_root(self, path: str) -> str:
        """Return the path as it is behind a proxy that takes its own part away."""
        root = urlsplit(self._page.root_path).path.rstrip("/")
        return path.removeprefix(root) or "/" if path == root or path.startswith(f"{root}/") else path

    async def _let_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._check_host(scope)
        route, path = ROUTES.get(scope["method"]), scope["path"]
        if not self._is_ours(route, path):
            path = self._without_root(path)
            if not self._is_ours(route, path):
                raise Refused(404, "There is nothing here.")
        for_assistants = self._is_for_assistants(path)
        visitor = visitor_of(scope, bool(self._page.space_id))
        if path == UPLOAD:
            name = await self._page.uploads.take(scope, receive, visitor)
            return await JSONResponse([name])(scope, receive, send)
        if scope["method"] == "POST":
            body = await read_body(scope, receive)
            check_body(body)
            receive = _again(body, receive)
        if front := self._page.front:
            bounded = path == PREVIEW_AT
            with self._one_of(self._previewing, visitor, PREVIEWS_EACH) if bounded else nullcontext():
                own = await front.answer(path, scope["query_string"])
            if own:
                return await own(scope, receive, send)
            if path.startswith("/studio/"):
                raise Refused(404, "There is nothing here.")
            if path == "/" and scope["method"] == "GET":
                return await self._app(scope, receive, _with_head(send, front, scope, self._root(scope)))
        if not (STREAM.fullmatch(path) or for_assistants):
            return await self._app(scope, receive, send)
        with self._one_of(self._listening, visitor, STREAMS_EACH):
            await self._app(scope, receive, send)

    @contextmanager
    def _one_of(self, waiting: Counter[str], visitor: str, most: int) -> Iterator[None]:
        """Count what a visitor waits for, and refuse more than that at a time."""
        if waiting[visitor] >= most:
            raise Refused(429, "You wait for too many answers at a time.")
        waiting[visitor] += 1
        try:
            yield
        finally:
            waiting.subtract([visitor])
            if not waiting[visitor]:
                del waiting[visitor]

    def _root(self, scope: Scope) -> str:
        """Return the address under which whoever asks sees the page, without a slash at its end."""
        root = urlsplit(self._page.root_path)
        if root.netloc:
            return self._page.root_path.rstrip("/")
        scheme = header(scope, "x-forwarded-proto").partition(",")[0].strip() or scope["scheme"]
        scheme = scheme if scheme in ("http", "https") else "http"
        host = header(scope, "x-forwarded-host").partition(",")[0].strip() or header(scope, "host")
        host = host if re.fullmatch(r"[\w.:\[\]-]{1,255}", host, re.ASCII) else "localhost"
        return f"{scheme}://{host}{root.path.rstrip('/')}"

    def _check_host(self, scope: Scope) -> None:
        trusted = self._page.trusted_hosts
        name = host_name(header(scope, "host"))
        if trusted is None or name in trusted or is_loopback(name):
            return
        if not (self._page.share_url and name == urlsplit(self._page.share_url).hostname):
            shown = printable(name)
            raise Refused(
                403,
                f"This page is not known as {shown!r}. If that is its name, start app.py with --trusted-host {shown}.",
            )

    def _tell(self, scope: Scope, error: Exception) -> None:
        """Print one line about what Gradio did not expect, once for each place where it happens."""
        cause = error.__context__ or error  # behind a page that says HTTP 500
        place = cause.__traceback__
        while place and place.tb_next:
            place = place.tb_next
        where = f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}" if place else "?"
        if where not in self._told:
            self._told.add(where)
            asked = printable(f"{scope['method']} {scope['path']}")
            print(f"app.py: {asked}: {type(cause).__name__} at {where}; told once", file=sys.stderr)


def _with_head(send: Send, front: Any, scope: Scope, root: str) -> Send:
    """Return a `send` that puts the head of a picture's link into the page."""
    start: MutableMapping[str, Any] = {}
    page = bytearray()

    async def whole(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
            return
        page.extend(message.get("body", b""))
        if message.get("more_body"):
            return
        content = bytes(page)
        if start["status"] == 200:
            content = front.with_head(content, scope["query_string"], root)
        kept = [(key, value) for key, value in start["headers"] if key.lower() != b"content-length"]
        await send({**start, "headers": [*kept, (b"content-length", str(len(content)).encode())]})
        await send({**message, "body": content})

    return whole


def _again(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that hands out the body first."""
    rest = [{"type": "http.request", "body": body, "more_body": False}]

    async def first() -> MutableMapping[str, Any]:
        return rest.pop() if rest else await receive()

    return first
