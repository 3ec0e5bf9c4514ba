"""What several test files share: drawn pictures, one thread, train.py in this process or in one of its own."""

import contextlib
import errno
import itertools
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import namedtuple
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # a worker a core: threads would wait for each other

import pytest
from PIL import Image, ImageDraw
from served import (
    CHROMIUM,
    CHROMIUM_FLAGS,
    DEADLINE,
    EPOCHS,
    ROOT,
    Server,
    copy_app,
    measurement,
    plant,
    plant_aide,
    plant_insight,
    serve_files,
    tiny_model,
    wait_for_picture,
)

from gan.checkpoints import load_generator, weights_digest
from gan.folder import write_metrics

Result = namedtuple("Result", "status out err")

# What the tests start heeds a closed terminal and Ctrl-C also where they themselves run under nohup or behind an &.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


# What starts a process, a server or a browser, or trains: fixtures that a test stands on, and what it calls itself.
SLOW = {"trained", "server", "client", "visit", "chromium", "launch", "at_work", "straight", "stopped", "cli", "found"}
SLOW |= {"subprocess", "run_app", "Server", "train", "train_run"}


def pytest_collection_modifyitems(items):
    """Mark as slow what stands on such a fixture or calls such a thing; other slow tests mark themselves."""
    for item in items:
        if SLOW & {*item.fixturenames, *item.function.__code__.co_names}:
            item.add_marker(pytest.mark.slow)


def pytest_addoption(parser):
    parser.addoption("--kills", type=int, default=10, help="how often a training run is killed with -9 and resumed")


def draw_pictures(folder, count, seed=0):
    """Draw discs, no two alike, 32 pixels a side; return the folder."""
    folder.mkdir(parents=True)
    rng = random.Random(count + 1000 * seed)
    for i in range(count):
        picture = Image.new("RGB", (32, 32), (i % 256, rng.randrange(256), rng.randrange(256)))
        x, y, radius = rng.randrange(8, 24), rng.randrange(8, 24), rng.randrange(4, 9)
        color = tuple(rng.randrange(256) for _ in range(3))
        ImageDraw.Draw(picture).ellipse((x - radius, y - radius, x + radius, y + radius), fill=color)
        picture.save(folder / f"{i}.png")
    return folder


@pytest.fixture(scope="session")
def pictures(tmp_path_factory):
    """A folder of 40 pictures: three batches of at most 16."""
    return draw_pictures(tmp_path_factory.mktemp("data") / "pictures", 40)


@pytest.fixture(scope="module")
def without_charts():
    """Leave out the loss chart, which takes longer than an epoch of most tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gan.training.loop.write_chart", lambda folder: None)
        yield


@pytest.fixture
def one_thread():
    """Compute with one thread, as the runs that results are compared with do."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def cli(capsys):
    """Return a function that runs train.py in this process; its exit status, standard output and standard error."""
    import train

    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}

    def run(*arguments):
        capsys.readouterr()
        try:
            status = train.main([str(argument) for argument in arguments])
        except SystemExit as leaving:
            status = leaving.code
        return Result(status, *capsys.readouterr())

    yield run
    for number, handler in handlers.items():
        signal.signal(number, handler)


@contextlib.contextmanager
def locked(folder):
    """Let nobody look into a folder for a while, root included, for whom permissions mean nothing."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        for name in ("stat", "listdir", "scandir", "open"):
            monkeypatch.setattr(os, name, denying(getattr(os, name), folder, itself=name != "stat"))
        yield


def denying(function, folder, itself):
    """Return the function of a path, but denied in the folder, and to the folder `itself`."""

    def denied(path=".", *arguments, **options):
        inside = not isinstance(path, int) and folder in (*Path(path).parents, *[Path(path)] * itself)
        if inside:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return function(path, *arguments, **options)

    return denied


class Launched:
    """A Python process under test; what it writes goes to files, so that no pipe can fill."""

    def __init__(self, folder, command, **options):
        self.out, self.err = folder / "out.txt", folder / "err.txt"
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(ROOT)}
        with open(self.out, "w") as out, open(self.err, "w") as err:
            self.process = subprocess.Popen(
                [sys.executable, *map(str, command)], cwd=folder, env=environment, stdout=out, stderr=err, **options
            )

    def wait_until(self, happened):
        """Wait until `happened()`; it must come to that while the process lives."""
        deadline = time.monotonic() + DEADLINE
        while not happened():
            assert self.process.poll() is None, f"ended with {self.process.returncode}: {self.err.read_text()}"
            assert time.monotonic() < deadline, f"waited in vain; so far: {self.out.read_text()}"
            time.sleep(0.01)

    def wait_for(self, text):
        """Wait until the text is on standard output."""
        self.wait_until(lambda: text in self.out.read_text())

    def send(self, number):
        self.process.send_signal(number)

    def result(self, timeout=DEADLINE):
        """Wait for the end; return the exit status, standard output and standard error."""
        return Result(self.process.wait(timeout), self.out.read_text(), self.err.read_text())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.stdin:
            self.process.stdin.close()
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        workers = children.read_text().split() if self.process.poll() is None else []
        self.process.kill()
        self.process.wait()
        for pid in workers:  # torchrun's would go on without it
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)


@pytest.fixture
def launch(tmp_path):
    """Return a function that starts Python with these arguments, in a folder of its own; a context that ends it."""
    numbers = itertools.count()

    def start(*command, **options):
        folder = tmp_path / f"process-{next(numbers)}"
        folder.mkdir()
        return Launched(folder, command, **options)

    return start


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """The app with three checkpoints: alpha has a record of its training and a discriminator, bare has neither, damaged
    cannot be read.

    Beside alpha stand networks that colour drawings and that enlarge its pictures.
    """
    folder = copy_app(tmp_path_factory.mktemp("app") / "copy")
    alpha = plant(folder / "checkpoints" / "alpha", 1, EPOCHS)
    plant_insight(alpha, folder / "pictures")
    lines = [measurement(epoch, 100 / epoch) for epoch in EPOCHS]
    write_metrics(alpha, [*lines[:-1], lines[-1] | {"weights": weights_digest(alpha / "model.safetensors")}])
    plant(folder / "checkpoints" / "bare", 2)
    weights = plant(folder / "checkpoints" / "damaged", 3) / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    plant_aide(folder / "checkpoints" / "colours", "colorize")
    plant_aide(folder / "checkpoints" / "enlarges", "upscale")
    names = [folder / "checkpoints" / name for name in ("alpha", "bare", "damaged")]
    server = Server(folder, "--checkpoint", *names)  # named, they are compared, too
    yield server
    server.stop()


@pytest.fixture(scope="session")
def client(server, tmp_path_factory):
    from gradio_client import Client

    client = Client(server.url, verbose=False, download_files=tmp_path_factory.mktemp("downloads"))
    yield client
    client.close()


@pytest.fixture(scope="session")
def chromium():
    """Debian's Chromium, started once."""
    from playwright.sync_api import sync_playwright

    assert CHROMIUM, "these tests need Chromium: apt-get install chromium"
    with sync_playwright() as playwright:
        flags = [*CHROMIUM_FLAGS, "--process-per-site"]  # what opens in a profile opens where another page has been
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def profile(chromium):
    """Return a function that gives the browser profile with these permissions, made once.

    A page that stays open keeps its renderer alive: whatever else is opened there starts several times as fast.
    """
    profiles = {}

    def profile_with(url, permissions):
        if permissions not in profiles:
            profiles[permissions] = chromium.new_context(permissions=permissions)
            profiles[permissions].new_page().goto(f"{url}robots.txt")
        return profiles[permissions]

    return profile_with


@pytest.fixture
def visit(profile):
    """Return a function that opens the page; complaints of the page and requests to elsewhere fail the test."""
    used, complaints = set(), []

    def complain(of):
        if "status of 422" not in of:  # a mistake, told at its field
            complaints.append(of)

    def open_page(url, width=1280, height=900, device_scale_factor=1, permissions=(), home="", **media):
        home = home or re.match(r"https?://[^/]+/", url)[0]
        context = profile(home, permissions)
        used.add(context)
        page = context.new_page()
        screen = {"width": width, "height": height, "deviceScaleFactor": device_scale_factor, "mobile": False}
        page.set_viewport_size({"width": width, "height": height})
        context.new_cdp_session(page).send("Emulation.setDeviceMetricsOverride", screen)
        page.emulate_media(**{"color_scheme": "light", **media})
        page.set_default_timeout(20_000)
        page.on("console", lambda said: said.type in ("error", "warning") and complain(said.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        local = (home, "data:", "blob:")
        page.on("request", lambda asked: asked.url.startswith(local) or complaints.append(f"asked {asked.url}"))
        page.on("response", lambda got: got.status < 400 or complain(f"a status of {got.status} for {got.url}"))
        page.goto(url)
        return page

    open_page.complaints = complaints  # for a test that provokes some
    yield open_page
    for page in [page for context in used for page in context.pages[1:]]:
        page.evaluate("() => { try { localStorage.clear(); } catch { /* a page of no origin has none */ } }")
        page.close()
    assert complaints == [], "\n".join(complaints)


@pytest.fixture
def visit_under(visit):
    """Return a function that opens the page at an address after a script has run in it."""

    def open_page(script, url, **screen):
        page = visit("about:blank", home=re.match(r"https?://[^/]+/", url)[0], **screen)
        page.add_init_script(script)
        page.goto(url)
        return page

    return open_page


@pytest.fixture(scope="session")
def page_models(tmp_path_factory):
    """The folders of two models for a page without a server: alpha with a record of its training, beta without."""
    root = tmp_path_factory.mktemp("page_models")
    return [plant(root / "alpha", 1, EPOCHS), plant(root / "beta", 2)]


@pytest.fixture(scope="session")
def page_site(page_models, tmp_path_factory):
    """The address of such a page, which lies in a folder below the server's own."""
    from gan.publishing.page import write_page

    root = tmp_path_factory.mktemp("page_site")
    write_page(root / "some" / "where", page_models)
    with serve_files(root) as address:
        yield f"{address}some/where/"


@pytest.fixture
def opened(visit, page_site):
    """Return a function that opens the page without a server with a link's query and waits for its first picture."""

    def open_page(query="", *screen, **more):
        page = visit(f"{page_site}?{query}", *screen, **more)
        page.wait_for_function("document.body.dataset.way")
        wait_for_picture(page)
        return page

    return open_page


@pytest.fixture
def first_model(page_models):
    """The first model of the page without a server, as the demo has it."""
    model = tiny_model("alpha", 1)
    model.generator.load_state_dict(load_generator(page_models[0]).state_dict())
    object.__setattr__(model, "weights", weights_digest(page_models[0] / "model.safetensors"))
    return model
