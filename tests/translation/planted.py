"""Runs of the image-to-image tasks as tests see them: untrained networks of some channels, with a record."""

import json

import torch
from PIL import Image, ImageDraw

from gan.checkpoints import save_network
from gan.config import recipe_config
from gan.data.scan import read_pictures
from gan.files import write_json
from gan.folder import SAMPLES, SNAPSHOTS, epoch_file, write_grid
from gan.translation.networks import Colorizer, PatchDiscriminator, Upscaler

HELD_OUT, COUNT = 3, 60


def draw_boxes(folder):
    """Draw sixty coloured boxes with an outline on white, 64 pixels a side; return the folder."""
    folder.mkdir()
    for number in range(COUNT):
        picture = Image.new("RGB", (64, 64), "white")
        colour = (number * 37 % 256, number * 91 % 256, number * 17 % 256)
        box = (8, 8, 40 + number % 16, 40 + number % 13)
        ImageDraw.Draw(picture).rectangle(box, fill=colour, outline="black", width=2)
        picture.save(folder / f"{number}.png")
    return folder


def plant(folder, task, data, epochs=(2,)):
    """Write what a run of the task on these pictures leaves behind: networks, snapshots, grids, history, config."""
    for place in (SNAPSHOTS, SAMPLES):
        (folder / place).mkdir(parents=True)
    for epoch in epochs:
        torch.manual_seed(epoch)
        network = Colorizer(4, 32) if task == "colorize" else Upscaler(4, 2, 32)
        for path in (epoch_file(folder, SNAPSHOTS, epoch), folder / "model.safetensors"):
            save_network(path, network)
        write_grid(epoch_file(folder, SAMPLES, epoch), torch.zeros(6, 3, 32, 32))
    judge = PatchDiscriminator(8 if task == "colorize" else 6, 4)
    save_network(folder / "discriminator.safetensors", judge)
    fingerprint = read_pictures(data, 32, progress=False).fingerprint
    train = recipe_config(f"folder-{task}", data=str(data), out=str(folder)).to_dict()
    config = {
        "task": task, "train": train,
        "data": {"name": "folder", "pictures": COUNT - HELD_OUT, "held_out": HELD_OUT, "fingerprint": fingerprint},
        "generator": network.arguments(), "discriminator": judge.arguments(),
        "hardware": "a machine of the tests", "precision": "fp32",
        "epoch": epochs[-1], "images_seen": 20 * epochs[-1], "seconds": 60,
    }  # fmt: skip
    write_json(folder / "config.json", config)
    numbers = dict.fromkeys(("loss_d", "loss_g", "d_real", "d_fake_before", "d_fake_after", "l1"), 0.5)
    lines = [{"epoch": epoch, "images_seen": 20 * epoch, **numbers} for epoch in epochs]
    (folder / "history.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder
