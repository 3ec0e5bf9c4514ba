"""How quick the demo is: its start, a step of a slider in a real Chromium, a sheet of pictures, its end.

    python tests/benchmarks/app_latency.py
    python tests/benchmarks/app_latency.py --checkpoint runs/mine --steps 50

Starts app.py itself, with the bundled models unless others are named, on a free port. Each figure stands beside its
limit; where one is missed the exit status is 1. Anything else that runs on the machine slows all of it.

A step is the time from the slider's input event to the new picture on the canvas, one step after the other. The sheet's
server time is what Gradio reports of the event's function. Steps of 64 pictures have no limit of their own: that is the
sheet's.
"""

import argparse
import json
import signal
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Sequence
from pathlib import Path

import httpx
from playwright.sync_api import Page, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from served import CHROMIUM, CHROMIUM_FLAGS, ROOT, Server, copy_app, event_of, memory, move, open_tab

RECIPE = "JSON.parse(document.querySelector('.stage').dataset.recipe)"
EXPLORED = f"value => ({RECIPE}.d1 ?? 0) === value"
GENERATED = "value => document.querySelector('#wall .sheet').dataset.labels.split(' ')[0] === `${value}`"
STARTED = "document.querySelector('.stage')?.dataset.recipe && document.querySelectorAll('#wall .tile').length"
WARM_UP = 5  # steps that do not count

Row = tuple[str, float, str, float | None]  # what, figure, unit, its limit if it has one


def time_steps(page: Page, slider: str, shown: str, values: Sequence[float]) -> list[float]:
    """Set the slider to each value in turn; return the milliseconds until `shown`, a JS function, says it is drawn."""
    return page.evaluate(
        f"""async ([selector, values]) => {{
            const slider = document.querySelector(selector), shown = {shown}, times = [];
            for (const value of values) {{
                const start = performance.now();
                times.push(await new Promise((done) => {{
                    const watcher = new MutationObserver(() => {{
                        if (!shown(value)) return;
                        watcher.disconnect();
                        done(performance.now() - start);
                    }});
                    watcher.observe(document.querySelector("#studio"), {{ attributes: true, subtree: true }});
                    slider.value = value;
                    slider.dispatchEvent(new Event("input", {{ bubbles: true }}));
                }}));
                await new Promise((frame) => requestAnimationFrame(frame));
            }}
            return times;
        }}""",
        [slider, list(values)],
    )


def step_rows(name: str, times: list[float], limits: tuple[int, int] | None = None) -> list[Row]:
    """Return median and 95th percentile with their limits; the first steps do not count."""
    times = times[WARM_UP:]
    return [
        (f"{name}, median of {len(times)} steps", statistics.median(times), "ms", limits and limits[0]),
        (f"{name}, 95th percentile", statistics.quantiles(times, n=20)[-1], "ms", limits and limits[1]),
    ]


def explore_rows(page: Page, steps: int) -> list[Row]:
    """Time direction 1 of the Explore tab."""
    open_tab(page, "Explore")
    values = [round((step % 120 - 60) * 0.05, 2) for step in range(steps + WARM_UP)]
    times = time_steps(page, "#d1 input[type=range]", EXPLORED, values)
    return step_rows("Explore, direction 1", times, (50, 90))


def generate_rows(page: Page, steps: int) -> list[Row]:
    """Time the seed of the Generate tab with few and many pictures on the wall."""
    open_tab(page, "Generate")
    rows = []
    for turn, (count, limits) in enumerate(((1, (50, 90)), (24, (120, 240)), (64, None))):
        move(page, "count", count)
        page.wait_for_function("count => document.querySelectorAll('#wall .tile').length === count", arg=count)
        values = range(1000 * turn + 11, 1000 * turn + 11 + steps + WARM_UP)
        times = time_steps(page, "#seed input", GENERATED, values)
        rows += step_rows(f"Generate, {count} picture{'s' * (count > 1)}", times, limits)
    return rows


def sheet_rows(url: str, calls: int = 20) -> list[Row]:
    """Time a sheet of 64 pictures on the server, through the page's own event."""
    inside, outside = [], []
    with httpx.Client(base_url=url, timeout=60) as http:
        event = event_of(http.get("config").json(), "seed", "input")
        for call in range(calls):
            session, start = uuid.uuid4().hex, time.perf_counter()
            body = {"data": [None, 100 * call, 64, 1], "fn_index": event, "session_hash": session}
            http.post("gradio_api/queue/join", json=body).raise_for_status()
            with http.stream("GET", "gradio_api/queue/data", params={"session_hash": session}) as lines:
                for line in lines.iter_lines():
                    message = json.loads(line.removeprefix("data:")) if line else {}
                    if message.get("msg") == "process_completed":
                        inside.append(1000 * message["output"]["duration"])
                        outside.append(1000 * (time.perf_counter() - start))
                        break
    return [
        ("Sheet of 64 pictures on the server, median", statistics.median(inside), "ms", 150),
        ("the same with the way there and back, median", statistics.median(outside), "ms", None),
    ]


def count_files(server: Server) -> int:
    return sum(path.is_file() for path in server.temporary.rglob("*"))


def measure(checkpoints: Sequence[Path], steps: int) -> list[Row]:
    """Start the app, use it, end it; return the rows of the table."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        app = copy_app(Path(folder, "app"))
        start = time.perf_counter()
        server = Server(app, "--checkpoint", *checkpoints)
        try:
            answers = time.perf_counter() - start
            page.goto(server.url)
            page.wait_for_function(STARTED)
            rows = [
                ("Server answers after", answers, "s", None),
                ("Page with pictures after", time.perf_counter() - start, "s", 4),
            ]
            files, held = count_files(server), memory(server.process.pid)
            rows += explore_rows(page, steps) + generate_rows(page, steps) + sheet_rows(server.url)
            rows += [
                ("Temporary files made by all that", count_files(server) - files, "", 0),
                ("Memory before", held / 1e6, "MB", None),
                ("Memory after", memory(server.process.pid) / 1e6, "MB", None),
            ]
            start = time.perf_counter()
            server.process.send_signal(signal.SIGTERM)
            server.process.wait(30)
            return [*rows, ("SIGTERM ends it after", time.perf_counter() - start, "s", 2)]
        finally:
            server.stop()
            browser.close()


def show(rows: Sequence[Row]) -> bool:
    """Print the table; return whether every limit is kept."""
    kept = True
    for what, figure, unit, limit in rows:
        missed = limit is not None and figure > limit
        kept &= not missed
        digits = 2 if unit == "s" else 0
        beside = "" if limit is None else f"at most {limit:g} {unit}".rstrip() + "  MISSED" * missed
        print(f"{what:<52}{figure:>8.{digits}f} {unit:<3} {beside}".rstrip())
    return kept


def main() -> int:
    """Measure and print; return the exit status."""
    parser = argparse.ArgumentParser(prog="app_latency.py", description="How quick the demo is.", allow_abbrev=False)
    parser.add_argument(
        "--checkpoint", nargs="+", type=Path, metavar="FOLDER", help="models instead of the bundled ones"
    )
    parser.add_argument("--steps", type=int, default=200, help="of a slider, each time (default: %(default)s)")
    options = parser.parse_args()
    bundled = sorted(path.parent for path in ROOT.glob("checkpoints/*/model.safetensors"))
    rows = measure([path.resolve() for path in options.checkpoint or bundled], options.steps)
    return 0 if show(rows) else 1


if __name__ == "__main__":
    sys.exit(main())
