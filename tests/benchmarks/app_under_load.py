"""How the demo bears guests who flood it: unread answers, large bodies, slow wishes, half-open connections, sliders.

    python tests/benchmarks/app_under_load.py
    python tests/benchmarks/app_under_load.py --only slow connections --root ../an_older_checkout

Starts app.py itself, with the bundled models, on a free port of the loopback, once for each check; every flood has a
fixed length. Each figure stands beside its limit; where one is missed the exit status is 1. Guests come from addresses
of their own, 127.0.0.2 and so on, so this runs on Linux alone. Anything else that runs on the machine slows all of it.
"""

import argparse
import http.client
import json
import resource
import socket
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from app_latency import Row, show
from served import OFFICE, ROOT, Server, copy_app, event_of, memory

API = "/gradio_api"
HOME = "127.0.0.1"
Answer = tuple[int, bytes]  # status, 0 where none came, and content


def ask(port: int, method: str, path: str, body: Any = None, guest: str = HOME, timeout: float = 60) -> Answer:
    """Send one request from an address of the loopback."""
    connection = http.client.HTTPConnection(HOME, port, timeout=timeout, source_address=(guest, 0))
    content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
    try:
        connection.request(method, path, content, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException):
        return 0, b""
    finally:
        connection.close()


def call(port: int, name: str, *arguments: Any, guest: str = HOME) -> str | None:
    """Call a named event; return the id under which its answer can be fetched, None where it was refused."""
    status, answer = ask(port, "POST", f"{API}/call/{name}", {"data": arguments}, guest)
    return json.loads(answer)["event_id"] if status == 200 else None


@cache
def wall_event(port: int) -> int:
    """Return the number of the event that draws the wall."""
    return event_of(json.loads(ask(port, "GET", "/config", None)[1]), "seed", "input")


def move_slider(port: int, seed: int, guest: str = HOME, within: float = 30) -> float | None:
    """Draw 16 pictures as the wall does; return the seconds that took, None where it was refused or took longer."""
    session, start = uuid.uuid4().hex, time.perf_counter()
    body = {"data": [None, seed, 16, 1], "fn_index": wall_event(port), "session_hash": session}
    if ask(port, "POST", f"{API}/queue/join", body, guest, within)[0] != 200:
        return None
    connection = http.client.HTTPConnection(HOME, port, timeout=within, source_address=(guest, 0))
    try:
        connection.request("GET", f"{API}/queue/data?session_hash={session}")
        for line in connection.getresponse():
            took = time.perf_counter() - start
            if took > within:
                return None
            if b'"process_completed"' in line:
                return took if b'"success":true' in line else None
    except (OSError, http.client.HTTPException):
        pass
    finally:
        connection.close()
    return None


@contextmanager
def served(root: Path) -> Iterator[Server]:
    """Serve the bundled models with this checkout's code, with no more descriptors than most systems allow."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    OFFICE.clear()  # proxies of a test's own, which older checkouts do not bear
    models = sorted(path.parent for path in ROOT.glob("checkpoints/*/model.safetensors"))
    with tempfile.TemporaryDirectory() as folder:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(1024, hard), hard))
        try:
            server = Server(copy_app(Path(folder, "app"), root), "--checkpoint", *models)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        try:
            assert move_slider(server.port, 1), "the demo does not answer"
            yield server
        finally:
            server.stop()


# --- the checks ------------------------------------------------------------------------------------------------------


def check_memory(server: Server) -> list[Row]:
    """1,250 events of 250 guests, of which 1,000 are never fetched; 136 of the largest bodies, six at a time."""
    port, pid = server.port, server.process.pid
    for _ in range(40):  # threads and allocators take what they need
        ask(port, "GET", f"{API}/call/history/{call(port, 'history')}")
    before = memory(pid)

    def one(number: int) -> bool:
        guest, name = f"127.0.1.{number % 250 + 1}", "history" if number % 2 else "explore"
        for _ in range(20):
            event = call(port, name, guest=guest)
            if event:
                if number % 5 == 0:
                    ask(port, "GET", f"{API}/call/{name}/{event}", None, guest)
                return True
            time.sleep(0.5)
        return False

    with ThreadPoolExecutor(8) as guests:
        taken = sum(guests.map(one, range(1250)))
    time.sleep(3)
    unread = memory(pid)

    def send(values: int) -> int:
        return ask(port, "POST", f"{API}/call/explore", b'{"data": [' + b"{}," * values + b"1]}")[0]

    with ThreadPoolExecutor(6) as guests:
        list(guests.map(send, [1_300, 1_900_000] * 68))
    bodies = memory(pid)
    time.sleep(75)
    return [
        ("Events taken, of 1,250", taken, "", None),
        ("Memory before", before / 1e6, "MB", None),
        ("Growth by unread answers", (unread - before) / 1e6, "MB", 300),
        ("Growth by that and large bodies", (bodies - before) / 1e6, "MB", 300),
        ("Growth that is left after 75 seconds", (memory(pid) - before) / 1e6, "MB", 100),
    ]


def check_slow(server: Server, seconds: int = 20) -> list[Row]:
    """One guest wishes for twenty animations a second, and fetches none; a visitor moves a slider meanwhile."""
    end = time.monotonic() + seconds

    def flood() -> None:
        while time.monotonic() < end:
            call(server.port, "interpolate", None, [1, 2, 3, 4], 120, guest="127.0.0.2")
            time.sleep(0.1)

    guests = [threading.Thread(target=flood) for _ in range(2)]
    for guest in guests:
        guest.start()
    times: list[float | None] = []
    while time.monotonic() < end:
        times.append(move_slider(server.port, len(times) + 2, within=10))
        time.sleep(0.1)
    for guest in guests:
        guest.join()
    late = sum(took is None or took > 1 for took in times)
    start, back = time.monotonic(), False
    while not back and time.monotonic() - start < 300:
        back = move_slider(server.port, 1) is not None
        time.sleep(0.1)
    return [
        ("Steps of a slider beside slow wishes", len(times), "", None),
        ("not answered within a second", 100 * late / len(times), "%", 5),
        ("the longest that was answered", max((took for took in times if took), default=0), "s", None),
        ("answered again after the flood, after", time.monotonic() - start, "s", 5),
    ]


def check_connections(server: Server, count: int = 1300, seconds: int = 30) -> list[Row]:
    """So many connections that begin a request and never end it; others ask for the page meanwhile."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    held, times = [], []
    cpu = cpu_seconds(server.process.pid)
    end = time.monotonic() + seconds
    try:
        for _ in range(count):
            with suppress(OSError):
                held.append(socket.create_connection((HOME, server.port), 5, ("127.0.0.2", 0)))
                held[-1].sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Half: ")
        while time.monotonic() < end:
            start = time.perf_counter()
            status, _ = ask(server.port, "GET", "/theme.css", None, timeout=10)
            times.append(time.perf_counter() - start if status == 200 else 10)
            time.sleep(0.5)
    finally:
        for connection in held:
            connection.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return [
        ("Half-open connections", len(held), "", None),
        ("others answered at the latest after", max(times), "s", 2),
        ("processor time meanwhile", cpu_seconds(server.process.pid) - cpu, "s", seconds / 3),
        ("log", server.log.stat().st_size / 1e6, "MB", 1),
    ]


def check_sliders(server: Server, minutes: float) -> list[Row]:
    """Three visitors move sliders without a pause; memory after two minutes and at the end."""
    end = time.monotonic() + 60 * minutes
    steps = 0

    def drag(guest: int) -> None:
        nonlocal steps
        while time.monotonic() < end:
            move_slider(server.port, steps % 9000, f"127.0.0.{guest}")
            steps += 1

    visitors = [threading.Thread(target=drag, args=(guest,)) for guest in (2, 3, 4)]
    for visitor in visitors:
        visitor.start()
    time.sleep(min(120, 30 * minutes))
    settled = memory(server.process.pid)
    for visitor in visitors:
        visitor.join()
    growth = memory(server.process.pid) - settled
    return [
        (f"Steps of sliders in {minutes:g} minutes", steps, "", None),
        ("Memory after two minutes", settled / 1e6, "MB", None),
        ("and its growth from then on", 100 * growth / settled, "%", 1),
    ]


def cpu_seconds(pid: int) -> float:
    """Return the processor time that a process has taken."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def main() -> int:
    """Measure and print; return the exit status."""
    parser = argparse.ArgumentParser(prog="app_under_load.py", description="How the demo bears floods.")
    checks: dict[str, Callable[[Server], list[Row]]] = {
        "memory": check_memory,
        "slow": check_slow,
        "connections": check_connections,
        "sliders": lambda server: check_sliders(server, options.minutes),
    }
    parser.add_argument("--only", nargs="+", choices=checks, default=list(checks), help="some of the checks")
    parser.add_argument("--minutes", type=float, default=10, help="of sliders (default: %(default)g)")
    parser.add_argument("--root", type=Path, default=ROOT, metavar="FOLDER", help="another checkout to measure")
    options = parser.parse_args()
    kept = True
    for name in options.only:
        with served(options.root.resolve()) as server:
            kept &= show(checks[name](server))
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
