"""How quickly the page without a server draws, and whether its memory stays flat; it says which renderer it had.

python tests/benchmarks/page_latency.py                         # the bundled models, two minutes of dragging
python tests/benchmarks/page_latency.py --minutes 10 --model checkpoints/pokemon
python tests/benchmarks/page_latency.py --gpu                   # let Chromium use a graphics card, where there is one
"""

import argparse
import math
import os
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from playwright.sync_api import sync_playwright  # noqa: E402
from served import CHROMIUM, CHROMIUM_FLAGS, serve_files  # noqa: E402

from gan.publishing.page import write_page  # noqa: E402

BUNDLED = [ROOT / "checkpoints" / name for name in ("pokemon", "anime")]
STEPS = 60  # of a slider, one after the other
LIMITS = {"webgl": 16, "plain": 25}  # milliseconds a step: on a graphics card; the aim of the plain way on one core
FIRST = 2.0  # seconds to the first picture of a cold load
# Moves the first direction's slider, waits for the picture, and so on; returns milliseconds a step.
STEP = """async (steps) => {
    const slider = document.querySelector("#d1 [type=range]");
    const picture = document.querySelector(".stage .large"), times = [];
    const paint = CanvasRenderingContext2D.prototype.putImageData;
    for (let step = 1; step <= steps; step++) {
        const start = performance.now();
        const drawn = new Promise((done) => {
            CanvasRenderingContext2D.prototype.putImageData = function (...given) {
                paint.apply(this, given);
                if (this.canvas === picture) done();
            };
        });
        slider.value = ((step % 40) + 1) / 20;
        slider.dispatchEvent(new Event("input", { bubbles: true }));
        await drawn;
        times.push(performance.now() - start);
    }
    CanvasRenderingContext2D.prototype.putImageData = paint;
    return times;
}"""
FIRST_PICTURE = """new MutationObserver(() => {
    if (document.querySelector(".stage[data-recipe]")) window.firstPicture ??= performance.now();
}).observe(document, { subtree: true, childList: true, attributes: true });"""


@contextmanager
def opened(address, gpu=False):
    """Open an address in a new browser; give the page."""
    flags = [flag for flag in CHROMIUM_FLAGS if flag != "--disable-gpu"] if gpu else CHROMIUM_FLAGS
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(120_000)
        page.add_init_script(FIRST_PICTURE)
        page.goto(address)
        yield page
        browser.close()


def main() -> None:
    """Print the figures of each way, then those of dragging."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", nargs="+", type=Path, default=BUNDLED)
    parser.add_argument("--minutes", type=float, default=2.0, help="of dragging (default: 2)")
    parser.add_argument("--gpu", action="store_true", help="let Chromium use a graphics card")
    options = parser.parse_args()
    print(f"load of the machine before it began: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as folder:
        write_page(Path(folder, "page"), options.model)
        with serve_files(Path(folder, "page")) as address:
            with opened(address, options.gpu) as page:
                page.wait_for_function("window.firstPicture")
                seconds = page.evaluate("window.firstPicture") / 1000
                print(f"first picture of a cold load: {seconds:.2f} s (limit {FIRST:g} s)")
                print(f"picked by itself: {page.inner_text('#way')}")
            for way in LIMITS:
                with opened(f"{address}?tab=explore&way={way}", options.gpu) as page:
                    page.wait_for_function("window.firstPicture")
                    time_steps(page, way)
            with opened(f"{address}?tab=explore", options.gpu) as page:
                page.wait_for_function("window.firstPicture")
                drag(page, options.minutes)


def time_steps(page, way):
    """Print how long a step of a slider takes in one way, and what draws."""
    page.evaluate(STEP, 10)  # the browser is still making machine code of it
    times = sorted(page.evaluate(STEP, STEPS))
    print(f"{way}: {page.inner_text('#way')}")
    print(
        f"    a step of a slider: {times[len(times) // 2]:.1f} ms, nine of ten in {times[len(times) * 9 // 10]:.1f} "
        f"ms, the quickest {times[0]:.1f} ms (limit {LIMITS[way]} ms)"
    )


def drag(page, minutes):
    """Drag on the large picture without a rest, and print the page's memory as it goes on."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    box = page.locator(".stage-room").bounding_box()
    end, moves = time.monotonic() + 60 * minutes, 0
    marks = [time.monotonic() + 60 * minutes * part / 4 for part in range(5)]
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    while marks:
        angle = moves / 20
        across, down = (0.5 + 0.4 * turn(angle) for turn in (math.cos, math.sin))
        page.mouse.move(box["x"] + across * box["width"], box["y"] + down * box["height"])
        moves += 1
        if time.monotonic() >= marks[0]:
            left = marks.pop(0)
            session.send("HeapProfiler.collectGarbage")
            told = {entry["name"]: entry["value"] for entry in session.send("Performance.getMetrics")["metrics"]}
            print(
                f"    dragging for {minutes * 60 - (end - left):.0f} s, {moves} moves: JavaScript holds "
                f"{told['JSHeapUsedSize'] / 1e6:.1f} MB, {told['Nodes']:.0f} nodes, "
                f"{told['JSEventListeners']:.0f} listeners",
                flush=True,
            )
    page.mouse.up()


if __name__ == "__main__":
    main()
