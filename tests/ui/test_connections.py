"""Connections as a server on the loopback meets them: half-open, silent, too many, unread; what is logged of them."""

import asyncio
import contextlib
import logging
import resource

import pytest
import uvicorn
from served import run_async

from gan.ui import connections
from gan.ui.connections import Connection, Once


async def hello(scope, receive, send):
    """Answer with 10 MB where it is asked for large things, else with a word."""
    if scope["type"] != "http":
        return
    content = bytes(10_000_000) if scope["path"] == "/large" else b"hello"
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(content))]})
    for at in range(0, len(content), 50_000):
        await send({"type": "http.response.body", "body": content[at : at + 50_000], "more_body": True})
    await send({"type": "http.response.body", "body": b""})


@contextlib.asynccontextmanager
async def serving():
    """Serve on a free port; give it, and the connections that there are."""
    server = uvicorn.Server(
        uvicorn.Config(hello, port=0, http=Connection, ws="none", log_level="error", lifespan="off")
    )
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield port, server.server_state.connections
    server.should_exit = True
    await task


async def begin(port, sent=b"GET / HTTP/1.1\r\nHost: x\r\n"):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    await writer.drain()
    return reader, writer


async def ask(port):
    reader, writer = await begin(port, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    answer = await asyncio.wait_for(reader.read(), 5)
    writer.close()
    return answer


def test_where_too_many_connections_say_nothing_the_oldest_make_room(monkeypatch):
    monkeypatch.setattr(connections, "MOST_CONNECTIONS", 5)

    async def story():
        async with serving() as (port, held):
            half_open = [await begin(port) for _ in range(12)]
            assert (await ask(port)).endswith(b"hello")
            assert len(held) <= 5
            assert await half_open[0][0].read() == b""  # closed
            for _, writer in half_open:
                writer.close()

    run_async(story())


def test_where_all_connections_are_answered_one_more_is_closed(monkeypatch):
    monkeypatch.setattr(connections, "MOST_CONNECTIONS", 2)

    async def story():
        async with serving() as (port, held):
            unread = [await begin(port, b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n") for _ in range(2)]
            while sum(not connection.is_idle() for connection in held) < 2:
                await asyncio.sleep(0.01)
            with contextlib.suppress(ConnectionError):
                assert await ask(port) == b""
            for _, writer in unread:
                writer.transport.abort()

    run_async(story())


@pytest.mark.parametrize(
    "sent",
    [b"", b"GET / HTTP/1.1\r\nHost: x\r\n", b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HT"],
    ids=["none", "half", "next"],
)
def test_a_connection_without_a_whole_request_is_closed_after_a_while(monkeypatch, sent):
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.2)

    async def story():
        async with serving() as (port, held):
            reader, writer = await begin(port, sent)
            with contextlib.suppress(ConnectionError):
                await asyncio.wait_for(reader.read(), 5)
            assert not held
            writer.close()

    run_async(story())


def test_somebody_who_does_not_read_is_let_go(monkeypatch):
    monkeypatch.setattr(connections, "READ_SECONDS", 0.2)

    async def story():
        async with serving() as (port, held):
            _, writer = await begin(port, b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
            while not held:
                await asyncio.sleep(0.01)
            for _ in range(500):
                if not held:
                    break
                await asyncio.sleep(0.01)
            assert not held
            writer.transport.abort()

    run_async(story())


def test_a_body_that_goes_on_after_the_answer_is_soon_cut_off(monkeypatch):
    monkeypatch.setattr(connections, "LINGER_SECONDS", 0.2)

    async def story():
        async with serving() as (port, _):
            reader, writer = await begin(port, b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 900000000\r\n\r\n")
            assert b"200" in await asyncio.wait_for(reader.readline(), 5)  # it is told why
            with pytest.raises(ConnectionError):
                while True:
                    writer.write(bytes(100_000))
                    await asyncio.wait_for(writer.drain(), 5)
                    await asyncio.sleep(0.01)

    run_async(story())


def test_a_line_is_logged_once_and_lines_come_to_an_end(monkeypatch):
    monkeypatch.setattr(connections, "MOST_LINES", 3)
    once = Once()

    def record(line):
        return logging.makeLogRecord({"msg": f"{line}\nsocket: 5"})

    assert [once.filter(record(line)) for line in ("full", "full", "junk", "full")] == [True, False, True, False]
    assert [once.filter(record(str(number))) for number in range(4)] == [True, False, False, False]


def test_as_many_files_may_be_open_as_the_system_allows():

    before = _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (300, hard))
        assert connections.most_connections() == 300 - connections.SPARE_FILES
        connections.raise_limit()
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (hard, hard)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
