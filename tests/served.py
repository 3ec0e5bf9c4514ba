"""The app as tests see it: checkpoints of its own, a process that serves it, what is on the page."""

import asyncio
import base64
import io
import json
import os
import resource
import shutil
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from gan.checkpoints import CONFIG_FILE, DISCRIMINATOR_FILE, load_generator, save_network, weights_digest
from gan.config import recipe_config
from gan.files import write_json
from gan.folder import OPINION_FILE, REALS_FILE, SAMPLES, SNAPSHOTS, epoch_file, write_grid, write_history
from gan.images import to_uint8
from gan.insight.opinion import Opinions
from gan.insight.record import write_neighbours
from gan.insight.whereabouts import note_whereabouts
from gan.latent import principal_directions, sample_z
from gan.models import Discriminator, Generator
from gan.told import DIRECTIONS
from gan.translation.networks import Colorizer, Upscaler
from gan.ui.loaded import LoadedModel

ROOT = Path(__file__).resolve().parent.parent
DEADLINE = 60  # seconds that anything waited for may take on a busy machine
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")
CHROMIUM_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
EPOCHS = (1, 3, 6)
OFFICE = {  # what the environment may say where people work; none of it concerns a page of one's own machine
    "HTTP_PROXY": "http://127.0.0.1:9",
    "ALL_PROXY": "socks5://127.0.0.1:9",
    "SSL_CERT_FILE": "/no/such.pem",
    "GRADIO_SERVER_NAME": "::",
}

# In a server's process: whatever it asks of another machine, through a proxy or not, stands in its log as a fault.
WATCH = """
import sys
HERE = {None, "", "127.0.0.1", "::1", "localhost", "::", "0.0.0.0"}
def watch(event, given):
    place = given[1] if event == "socket.connect" else given[:2] if event == "socket.getaddrinfo" else None
    if isinstance(place, tuple) and (place[0] not in HERE or place[1] == 9):
        print("Traceback: it asked", place, file=sys.stderr, flush=True)
sys.addaudithook(watch)
"""


def tiny_generator(seed):
    """Return a generator of 8 channels whose pictures differ visibly."""
    torch.manual_seed(seed)
    generator = Generator(base_channels=8)
    with torch.inference_mode():
        for _ in range(20):  # so that the statistics are those of its activations
            generator(torch.randn(16, generator.z_dim))
        generator.main[-2].weight.mul_(20)
    return generator.eval()


def tiny_model(name, seed=0, **more):
    """Return a model as the page has it in memory, without a folder."""
    generator = tiny_generator(seed)
    directions, _ = principal_directions(generator.main[0].weight.detach(), DIRECTIONS)
    return LoadedModel(
        name, Path(name), f"{seed:016x}", generator, directions, {}, None, {}, (), **more
    )  # fmt: skip


def plant(folder, seed, epochs=()):
    """Write a checkpoint folder with a tiny generator, and with the record of these epochs."""
    for name, content in planted(seed, tuple(epochs)).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def plant_aide(folder, task, source="pokemon"):
    """Write a checkpoint folder with a tiny network that colours drawings or enlarges pictures; return the folder."""
    torch.manual_seed(7)
    network = Colorizer(4, 32) if task == "colorize" else Upscaler(4, depth=1)
    if task == "colorize":
        network.last.bias.data[12:] += 1  # so that it covers something
        network.palette[-1].weight.data.normal_(0, 0.3)  # so that a palette has a say
    folder.mkdir(parents=True)
    save_network(folder / "model.safetensors", network)
    write_json(folder / CONFIG_FILE, {"task": task, "data": {"name": source, "pictures": 40}})
    return folder


@cache
def planted(seed, epochs):
    """Return name -> content of such a folder's files; many tests ask for the same one."""
    with TemporaryDirectory() as made:
        folder = Path(made)
        generator = tiny_generator(seed)
        save_network(folder / "model.safetensors", generator)
        if epochs:
            plant_record(folder, generator, epochs)
        paths = [path for path in folder.rglob("*") if path.is_file()]
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def plant_record(folder, generator, epochs):
    """Write what a run of train.py leaves behind: history, sample grids, earlier generators, real pictures, config."""
    (folder / SAMPLES).mkdir()
    (folder / SNAPSHOTS).mkdir()
    grid_z = torch.randn(64, generator.z_dim)
    for epoch in epochs:
        with torch.inference_mode():
            write_grid(epoch_file(folder, SAMPLES, epoch), generator(grid_z * epoch))
        save_network(epoch_file(folder, SNAPSHOTS, epoch), tiny_generator(100 + epoch))
    write_grid(folder / REALS_FILE, torch.rand(16, 3, 64, 64) * 2 - 1)
    last = epochs[-1]
    numbers = {"loss_g": 1.0, "d_real": 0.6, "d_fake_before": 0.5, "d_fake_after": 0.4, "event": None}
    lines = [{"epoch": epoch, "images_seen": epoch * 40, "loss_d": 1 / epoch} for epoch in range(1, last + 1)]
    write_history(folder, [line | numbers for line in lines])
    config = {
        "train": recipe_config("pokemon").to_dict(),
        "data": {"name": "pokemon", "pictures": 40, "fingerprint": "0" * 64},
        "generator": generator.arguments(),
        "hardware": "a machine of the tests", "precision": "fp32",
        "epoch": last, "images_seen": last * 40, "seconds": 60,
    }  # fmt: skip
    write_json(folder / CONFIG_FILE, config)


def plant_insight(folder, pictures):
    """Write what a generator's other network knows of it; pictures of seeds 3 and 4 are among those it learned from.

    The folder `pictures` gets them, so that the nearest can be shown.
    """
    torch.manual_seed(5)
    critic = Discriminator(base_channels=8, norm="none")
    for value in critic.parameters():
        value.data.mul_(4)
    save_network(folder / DISCRIMINATOR_FILE, critic)
    with torch.inference_mode():
        drawn = to_uint8(load_generator(folder)(sample_z([3, 4, *range(500, 560)], 100)))
    pictures.mkdir()
    names = [f"{number}.png" for number in range(1, len(drawn) + 1)]
    for name, picture in zip(names, drawn, strict=True):
        Image.fromarray(picture.permute(1, 2, 0).numpy()).save(pictures / name)
    write_neighbours(folder, drawn)
    note_whereabouts(folder, pictures, names, "crop")
    opinions = Opinions.of(torch.linspace(-2, 2, 1_000), torch.linspace(-1, 3, 1_000), digest_of(folder))
    write_json(folder / OPINION_FILE, opinions._replace(residuals=(10.0, 20.0, 30.0))._asdict())
    return folder


def digest_of(folder):
    """Return the name of the folder's discriminator."""
    return weights_digest(folder / DISCRIMINATOR_FILE)


def measurement(epoch, kid, **changes):
    """Return a line of metrics.jsonl as gan.evaluate writes it."""
    return {
        "fid2k_train": 2 * kid, "kid_train": kid, "kid_standard_error": 0.3, "precision": 0.4, "recall": 0.2,
        "novelty": 1.1, "copies": 0.01, "generated": 2000, "real": 40, "seeds": "0-1999",
        "floor": {"fid": 57.0, "kid": 0.1, "count": 20}, "extractor": "a small one", "resize": "none",
        "weights": "0" * 16, "file": f"snapshots/epoch-{epoch:04d}.safetensors",
        "epoch": epoch, "images_seen": 40 * epoch,
    } | changes  # fmt: skip


class Files(SimpleHTTPRequestHandler):
    """What `python -m http.server` answers with, without a word about it."""

    def do_GET(self):
        if self.path != "/favicon.ico":  # which browsers ask for beside anything that names none
            return super().do_GET()
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        """Say nothing."""


@contextmanager
def serve_files(folder):
    """Serve a folder's files on a free port, as any web server would; give the address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Files, directory=str(folder)))
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()  # asks soon whether to end
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def copy_app(folder, root=ROOT):
    """Return a folder with a checkout's app.py, its package and an empty checkpoints/."""
    (folder / "checkpoints").mkdir(parents=True)
    shutil.copy(root / "app.py", folder)
    (folder / "gan").symlink_to(root / "gan")
    return folder


class Server:
    """app.py in a process of its own, on a free port; what it writes goes to a file."""

    def __init__(self, folder, *arguments):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/"
        self.folder = folder
        self.log = folder / "log.txt"
        self.temporary = folder / "tmp"
        self.temporary.mkdir()
        (folder / "watch").mkdir()
        (folder / "watch" / "sitecustomize.py").write_text(WATCH)
        own = {"TMPDIR": str(self.temporary), "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(folder / "watch")}
        environment = {**os.environ, **OFFICE, **own}
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "app.py", "--host", "127.0.0.1", "--port", str(self.port), *map(str, arguments)],
                cwd=folder, env=environment, stdout=log, stderr=log,
            )  # fmt: skip
        deadline = time.monotonic() + DEADLINE
        while "Running on local URL" not in self.log.read_text():
            assert self.process.poll() is None and time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.05)

    def stop(self):
        self.process.kill()
        self.process.wait()
        assert "Traceback" not in self.log.read_text(), self.log.read_text()


def event_of(config, elem_id, trigger):
    """Return the number of the event that a component of this id triggers, in a page's config."""
    number = next(part["id"] for part in config["components"] if part["props"].get("elem_id") == elem_id)
    return next(event["id"] for event in config["dependencies"] if [number, trigger] in event["targets"])


def scope_of(peer="127.0.0.1", **headers):
    """Return what an ASGI server says of a request."""
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http", "method": "GET", "path": "/", "client": (peer, 5), "headers": pairs}


def run_async(coroutine):
    """Run a coroutine to its end in a thread of its own: Playwright keeps a loop running in the main one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, asyncio.wait_for(coroutine, DEADLINE)).result()


def peak_memory():
    """Return a function that says how many kB this process has held at most since this call."""
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak of tests before
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before


def memory(pid):
    """Return the bytes that a process holds in memory."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def run_app(*arguments):
    """Run app.py to its end; return exit status, standard output, standard error."""
    done = subprocess.run(
        [sys.executable, ROOT / "app.py", *map(str, arguments)], capture_output=True, text=True, timeout=DEADLINE
    )
    return done.returncode, done.stdout, done.stderr


def pixels(source):
    """Return a picture (path, file or bytes) as an array, (H, W, 3), that can be subtracted."""
    with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source) as image:
        return np.asarray(image.convert("RGB")).astype(int)


def png(recipe=None, size=(64, 64)):
    """Return a black PNG that carries this text as its recipe; one of 13,000 pixels a side has 20 KB."""
    notes = PngInfo()
    if recipe is not None:
        notes.add_text("gan-studio", recipe)
    buffer = io.BytesIO()
    Image.new("1", size).save(buffer, "png", pnginfo=notes)
    return buffer.getvalue()


def recipe_in(source):
    """Return the recipe that a PNG (path or file) carries."""
    with Image.open(source) as image:
        return json.loads(image.text["gan-studio"])


def differ(one, other):
    """Return the largest difference between two pictures, in levels of 255."""
    return np.abs(one - other).max()


def picture_on(canvas):
    """Return what a canvas (a locator) shows, as an array."""
    uri = canvas.evaluate("canvas => canvas.toDataURL('image/png')")
    return pixels(base64.b64decode(uri.split(",")[1]))


# --- the controls and pictures of the page -----------------------------------------------------------------------


def slider(page, name):
    """Return a slider's handle, by the id of the control."""
    return page.locator(f"#{name} input[type=range]")


def move(page, name, value):
    """Move a slider as a drag does, and let it go."""
    slider(page, name).evaluate(
        """(slider, value) => {
            slider.value = value;
            for (const event of ["input", "pointerup", "change"])
                slider.dispatchEvent(new Event(event, { bubbles: true }));
        }""",
        value,
    )


def scrub(page, player, frame):
    """Move a player's scrubber to a frame and let it go; `player` is its component's id."""
    page.locator(f"#{player} input").evaluate(
        """(scrub, frame) => {
            scrub.value = frame;
            for (const event of ["input", "change"]) scrub.dispatchEvent(new Event(event, { bubbles: true }));
        }""",
        frame,
    )


def model_button(page, name):
    return page.locator("#model").get_by_label(name, exact=True)


def open_tab(page, title):
    """Open a tab and wait until the address says so."""
    page.get_by_role("tab", name=title, exact=True).click()
    wait_for_address(page, f"tab={title.lower()}")


def wait_for_address(page, *parts):
    """Return the address once it says all of these; of "name=" the value does not matter."""
    page.wait_for_function(
        """parts => parts.every((part) => {
            const [[name, value]] = new URLSearchParams(part), said = new URLSearchParams(location.search).get(name);
            return said !== null && (value === "" || said === value);
        })""",
        arg=list(parts),
    )
    return page.url


def ends_of_sliders(page):
    """Return the sheet of small pictures that stand at the ends of Explore's sliders."""
    shown = page.evaluate("getComputedStyle(document.querySelector('#directions')).getPropertyValue('--ends')")
    return pixels(base64.b64decode(shown.split("base64,")[1].split("'")[0].split('"')[0]))


def notice(page, sentence):
    """Return the place where the page says sentences, if it says this one."""
    return page.locator(".toast-body:visible, .problem:visible, #nobody:visible").filter(has_text=sentence).first


def choose_file(page, content):
    """Open these bytes as a saved picture."""
    file = {"name": "saved.png", "mimeType": "image/png", "buffer": content}
    page.locator(".open-picture input").set_input_files(file)


def wait_for_labels(page, sheet, labels):
    """Wait until a sheet's pictures have these words beneath them."""
    page.wait_for_function(
        "([sheet, labels]) => document.querySelector(`#${sheet} .sheet`)?.dataset.labels === labels",
        arg=[sheet, labels],
    )


def wait_for_seeds(page, first, last):
    """Wait until the wall shows these seeds."""
    wait_for_labels(page, "wall", " ".join(map(str, range(first, last + 1))))


def pictures_of(page, sheet="wall"):
    """Return the pictures of a sheet as arrays, pixel by pixel."""
    page.locator("#style").get_by_label("Pixels").check()
    return [picture_on(canvas) for canvas in page.locator(f"#{sheet} .tile canvas").all()]


def recipe_of(page):
    """Return what the picture in hand is made of, as the stage says itself."""
    return json.loads(page.locator(".stage").get_attribute("data-recipe"))


def wait_for_picture(page, **parts):
    """Wait until the stage shows a picture of this recipe; only the parts named count."""
    page.wait_for_function(
        """parts => {
            const recipe = JSON.parse(document.querySelector(".stage")?.dataset.recipe ?? "{}");
            return recipe.model && Object.entries(parts).every(([key, value]) => (recipe[key] ?? 0) === value);
        }""",
        arg=parts,
    )


def picture_in_hand(page):
    """Return the picture on the stage, pixel by pixel."""
    return picture_on(page.locator(".true-size canvas"))
