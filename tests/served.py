"""The app as tests see it: checkpoints of its own, a process that serves it, what is on the page."""

import base64
import io
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from gan.checkpoints import save_network
from gan.models import Generator
from gan.records import SAMPLES, epoch_file, write_grid, write_history

ROOT = Path(__file__).resolve().parent.parent
DEADLINE = 60  # seconds that a server may take to start on a busy machine
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")
CHROMIUM_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
EPOCHS = (1, 3, 6)


def plant(folder, seed, epochs=()):
    """Write a checkpoint folder with a tiny generator, and with the record of these epochs."""
    torch.manual_seed(seed)
    generator = Generator(base_channels=8)
    folder.mkdir(parents=True)
    with torch.inference_mode():
        for _ in range(20):  # so that the statistics are those of its activations and pictures differ
            generator(torch.randn(16, generator.z_dim))
        generator.main[-2].weight.mul_(20)
        generator.eval()
        save_network(folder / "model.safetensors", generator)
        for epoch in epochs:
            (folder / SAMPLES).mkdir(exist_ok=True)
            images = generator(torch.randn(64, generator.z_dim) * epoch)
            write_grid(epoch_file(folder, SAMPLES, epoch), images)
    if epochs:
        numbers = {"loss_g": 1.0, "d_real": 0.6, "d_fake_before": 0.5, "d_fake_after": 0.4, "event": None}
        lines = range(1, epochs[-1] + 1)
        write_history(
            folder, [{"epoch": epoch, "images_seen": epoch * 40, "loss_d": 1 / epoch, **numbers} for epoch in lines]
        )
    return folder


def copy_app(folder):
    """Return a folder with app.py, the package and an empty checkpoints/."""
    (folder / "checkpoints").mkdir(parents=True)
    shutil.copy(ROOT / "app.py", folder)
    (folder / "gan").symlink_to(ROOT / "gan")
    return folder


class Server:
    """app.py in a process of its own, on a free port; what it writes goes to a file."""

    def __init__(self, folder, *arguments):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/"
        self.log = folder / "log.txt"
        environment = {**os.environ, "GRADIO_TEMP_DIR": str(folder / "cache"), "PYTHONUNBUFFERED": "1"}
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "app.py", "--port", str(self.port), *map(str, arguments)],
                cwd=folder, env=environment, stdout=log, stderr=log,
            )  # fmt: skip
        deadline = time.monotonic() + DEADLINE
        while "Running on local URL" not in self.log.read_text():
            assert self.process.poll() is None and time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.05)

    def stop(self):
        self.process.kill()
        self.process.wait()


def run_app(*arguments):
    """Run app.py to its end; return exit status, standard output, standard error."""
    done = subprocess.run(
        [sys.executable, ROOT / "app.py", *map(str, arguments)], capture_output=True, text=True, timeout=DEADLINE
    )
    return done.returncode, done.stdout, done.stderr


def pixels(path):
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB")).astype(int)


def wait_for_seeds(page, seeds):
    page.wait_for_function("seeds => document.querySelector('.pictures')?.dataset.seeds === seeds", arg=seeds)


def pictures_of(page):
    """Return the pictures on the page as arrays."""
    urls = page.eval_on_selector_all(".tile canvas", "all => all.map(canvas => canvas.toDataURL('image/png'))")
    return [pixels(io.BytesIO(base64.b64decode(url.split(",")[1]))) for url in urls]
