"""What leaves the machine: no links, nothing outside the folder, and only what was understood of each file."""

import os
import shutil
import struct
from pathlib import Path

import pytest
import torch
from PIL import Image
from served import measurement, plant, tiny_generator

from gan.checkpoints import save_network, weights_digest
from gan.errors import UserError
from gan.folder import read_history, write_history, write_metrics
from gan.hub import contents
from gan.insight.record import write_neighbours, write_opinion
from gan.models import Discriminator
from gan.publishing.release import files_to_pass, own_file, pass_file

SECRET = b"-----BEGIN OPENSSH PRIVATE KEY-----\n" + b"secret of the victim" * 9
NAMES = [
    "config.json",
    "discriminator.safetensors",
    "history.jsonl",
    "metrics.jsonl",
    "model.safetensors",
    "neighbours.safetensors",
    "opinion.json",
    "samples/epoch-0001.webp",
    "samples/epoch-0003.webp",
    "snapshots/epoch-0001.safetensors",
    "snapshots/epoch-0003.safetensors",
]


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """A checkpoint folder with a file of every kind, and strangers among them."""
    folder = plant(tmp_path_factory.mktemp("gate") / "alpha", 1, (1, 3))
    save_network(folder / "discriminator.safetensors", Discriminator(base_channels=8))
    write_metrics(folder, [measurement(3, 50.0, weights=weights_digest(folder / "model.safetensors"))])
    pictures = torch.randint(0, 256, (24, 3, 64, 64), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    write_neighbours(folder, pictures)
    write_opinion(folder, pictures)
    for name in ("README.md", "token", "samples/epoch-1.webp", "samples/notes.txt"):
        (folder / name).write_bytes(SECRET)
    return folder


@pytest.fixture
def folder(original, tmp_path):
    return Path(shutil.copytree(original, tmp_path / "alpha"))


@pytest.fixture
def key(tmp_path):
    (tmp_path / "id_ed25519").write_bytes(SECRET)
    return tmp_path / "id_ed25519"


def test_the_files_of_a_checkpoint_pass_as_they_are_and_nothing_else_does(folder, tmp_path):
    assert files_to_pass(folder) == NAMES
    for name in NAMES:
        pass_file(folder, name, tmp_path / "out" / name)
        assert (tmp_path / "out" / name).read_bytes() == (folder / name).read_bytes(), name


@pytest.mark.parametrize("name", [*NAMES, "samples", "snapshots"])
def test_no_link_is_followed(name, folder, key, tmp_path):
    place = folder / name
    place.rename(tmp_path / "elsewhere")
    place.symlink_to(tmp_path / "elsewhere" if "." not in name else key)
    with pytest.raises(UserError, match=rf"{name}.*leads elsewhere through a link"):
        files_to_pass(folder)


@pytest.mark.parametrize("target", ["../id_ed25519", "history.jsonl", "config.json", "/nowhere"])
def test_neither_a_link_within_the_folder_nor_one_to_nowhere(target, folder, key):
    (folder / "history.jsonl").unlink()
    (folder / "history.jsonl").symlink_to(target)
    with pytest.raises(UserError, match=r"a link|no ordinary file"):
        files_to_pass(folder)


def test_what_is_no_file_is_refused_and_not_waited_for(folder):
    (folder / "history.jsonl").unlink()
    os.mkfifo(folder / "history.jsonl")
    with pytest.raises(UserError, match="no ordinary file"):
        files_to_pass(folder)


def test_the_owner_may_reach_the_folder_through_a_link(folder, tmp_path):
    (tmp_path / "link").symlink_to(folder)
    assert files_to_pass(tmp_path / "link") == NAMES
    assert own_file(tmp_path / "link", "config.json").is_file()


def chunk(name, content):
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def webp(*chunks):
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("snapshots/epoch-0001.safetensors", b"\x80\x04\x95a pickle", "its header claims"),
        ("discriminator.safetensors", "model.safetensors", "discriminator|numbers"),
        ("snapshots/epoch-0003.safetensors", "discriminator.safetensors", "is a discriminator"),
        ("samples/epoch-0001.webp", SECRET, "no sample grid"),
        ("samples/epoch-0001.webp", webp(chunk(b"VP8 ", SECRET)), "no sample grid"),
        ("samples/epoch-0001.webp", webp(chunk(b"VP8L", b"\x2f" + b"\xff" * 9)), "no sample grid"),
        ("samples/epoch-0001.webp", b"RIFF\0\0\0\0WEBP" + b"\0" * 2_000_000, "too large"),
        ("config.json", b'{"a":' * 90_000, "not valid JSON"),
        ("config.json", SECRET, "not valid JSON"),
    ],
)
def test_what_is_not_of_its_kind_stays_and_is_named_by_its_own_path(name, content, words, folder, tmp_path):
    (folder / name).write_bytes((folder / content).read_bytes() if isinstance(content, str) else content)
    with pytest.raises(UserError, match=words) as caught:
        pass_file(folder, name, tmp_path / "out" / name)
    assert str(caught.value).startswith(str(folder / name)) and not (tmp_path / "out" / name).exists()


@pytest.mark.parametrize("name", ["history.jsonl", "metrics.jsonl"])
def test_of_lines_only_what_was_understood_goes(name, folder, key, tmp_path):
    with open(folder / name, "ab") as file:
        file.write(SECRET + b'\n{"secret of the victim": 1}\n')
    pass_file(folder, name, tmp_path / "out" / name)
    content = (tmp_path / "out" / name).read_bytes()
    assert b"victim" not in content and content.count(b"\n") == {"history.jsonl": 3, "metrics.jsonl": 1}[name]


@pytest.mark.parametrize("lossless", [False, True])
def test_of_a_picture_the_pixels_alone_go(lossless, folder, tmp_path):
    path = folder / "samples" / "epoch-0001.webp"
    picture = Image.open(path).convert("RGB")
    picture.save(path, "webp", lossless=lossless, exif=b"Exif\0\0" + SECRET, xmp=SECRET, icc_profile=SECRET)
    path.write_bytes(path.read_bytes() + SECRET)
    pass_file(folder, "samples/epoch-0001.webp", tmp_path / "out.webp")
    assert b"victim" not in (tmp_path / "out.webp").read_bytes()
    with Image.open(path) as before, Image.open(tmp_path / "out.webp") as after:
        assert after.convert("RGB").tobytes() == before.convert("RGB").tobytes() and not after.info.get("exif")


def test_a_history_too_long_to_come_back_is_thinned(folder, tmp_path, monkeypatch):
    write_history(folder, [{"epoch": epoch} for epoch in range(1, 101)])
    monkeypatch.setattr(contents, "MAX_TEXT_BYTES", 400)
    pass_file(folder, "history.jsonl", tmp_path / "out" / "history.jsonl")
    epochs = [line["epoch"] for line in read_history(tmp_path / "out")]
    assert (epochs[0], epochs[-1]) == (1, 100) and 10 < len(epochs) < 30


def test_a_network_that_is_replaced_meanwhile_is_the_one_that_was_checked(folder, tmp_path, monkeypatch):
    """The copy is loaded, not the source: what is checked is what goes."""
    source, out = folder / "model.safetensors", tmp_path / "model.safetensors"
    before = source.read_bytes()

    def replace_then_load(path, task):
        save_network(source, tiny_generator(9))
        assert path == out

    monkeypatch.setattr("gan.publishing.release.load_with_digest", replace_then_load)
    pass_file(folder, "model.safetensors", out)
    assert out.read_bytes() == before != source.read_bytes()


@pytest.mark.parametrize("name", ["neighbours.safetensors", "opinion.json"])
def test_what_tells_of_training_pictures_passes_only_as_what_it_should_be(name, folder, tmp_path):
    with (folder / name).open("ab") as file:
        file.write(SECRET)
    with pytest.raises(UserError, match=name):
        pass_file(folder, name, tmp_path / name)
    (folder / name).write_bytes(
        (folder / "config.json" if name.endswith("json") else folder / "model.safetensors").read_bytes()
    )
    with pytest.raises(UserError, match=rf"{name}: (holds no descriptors|is no opinion)"):
        pass_file(folder, name, tmp_path / name)
    assert not (tmp_path / name).exists()
