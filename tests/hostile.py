"""Checkpoint folders as strangers may make them, each odd in one way: a corpus for whatever reads them."""

import gzip
import io
import json
import os
import pickle
import socket
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import torch
from PIL import Image
from safetensors.torch import save
from torch import Tensor

from gan.models import Generator

KINDS = (
    torch.int8, torch.int16, torch.int32, torch.int64, torch.uint8, torch.uint16, torch.uint32, torch.uint64,
    torch.bool, torch.complex64, torch.float8_e4m3fn, torch.float8_e5m2,
)  # fmt: skip
DEEP = b"[" * 100_000
HUGE = 10**400
SURROGATE = '"\\ud800\\udfff\\udfff"'
MEASUREMENT = {
    "fid2k_train": 50.0, "kid_train": 20.0, "kid_standard_error": 0.3, "precision": 0.4, "recall": 0.2,
    "novelty": 1.1, "copies": 0.01, "generated": 2000, "real": 40, "floor": {"fid": 57.0, "kid": 0.1},
    "seeds": "0-1999", "extractor": "x", "resize": "y", "data": "z", "weights": "0" * 16, "epoch": 1, "images_seen": 40,
}  # fmt: skip
BOMB = bytes.fromhex("524946461a000000574542505650384c0e0000002ffebfff0f071011fd0f4444ff03")  # 16,383 pixels a side
_State = dict[str, Tensor]


def good_state() -> _State:
    """Return the weights of a tiny generator that draws."""
    torch.manual_seed(0)
    generator = Generator(z_dim=5, base_channels=2, image_size=32)
    return {name: value.clone() for name, value in generator.state_dict().items()}


GOOD = save(good_state())


# --- weights -------------------------------------------------------------------------------------------------------


def weights() -> Iterator[tuple[str, bytes]]:
    """Yield the name and the bytes of weights files that no loader may take for a network."""
    for name, change in _changed_states():
        state = good_state()
        change(state)
        yield name, save(state)
    yield from _odd_files()


def _changed_states() -> Iterator[tuple[str, Callable[[_State], object]]]:
    """Yield what is done to the tensors of a good file, which stays a sound safetensors file."""
    for kind in KINDS:
        for name in ("main.0.weight", "main.1.running_var"):
            yield f"{kind}-{name}", _convert(name, kind)
    for kind in (torch.bool, torch.complex64):
        yield f"{kind}-counter", _convert("main.1.num_batches_tracked", kind)
    for number in (float("nan"), float("inf"), float("-inf")):
        for name in ("main.0.weight", "main.4.bias", "main.7.running_mean"):
            yield f"{number}-{name}", lambda state, name=name, number=number: state[name].view(-1)[-1:].fill_(number)
    yield "beyond-float32", lambda state: _replace(state, "main.0.weight", lambda value: value.double() * 1e300)
    yield "pictures-overflow", lambda state: [value.mul_(1e38) for value in state.values() if value.dim() == 4]
    yield "negative-variance", lambda state: state["main.1.running_var"].fill_(-1)
    for name in good_state():
        if "num_batches" not in name:
            yield f"without-{name}", lambda state, name=name: state.pop(name)
            yield f"empty-{name}", lambda state, name=name: _replace(state, name, lambda value: torch.zeros(0))
    for name in ("main.0.weight", "main.3.weight", "main.1.weight"):
        yield f"scalar-{name}", lambda state, name=name: _replace(state, name, lambda value: torch.tensor(1.0))
        yield f"deeper-{name}", lambda state, name=name: _replace(state, name, lambda value: value[None].clone())
    for z_dim in (0, 5_000, 8_000):
        yield (
            f"z_dim-{z_dim}",
            lambda state, z_dim=z_dim: _replace(
                state, "main.0.weight", lambda value: torch.zeros(z_dim, *value.shape[1:])
            ),
        )
    yield "no-channels", lambda state: _replace(state, "main.0.weight", lambda value: value[:, :0].clone())
    yield "three-convolutions", lambda state: state.pop("main.9.weight")
    many = {f"main.{i}.weight": torch.ones(1, 1, 1, 1) for i in range(1, 999)}
    yield "many-convolutions", lambda state: state.update({name: value.clone() for name, value in many.items()})
    yield "extra", lambda state: state.update(extra=torch.zeros(3))
    yield "extra-escape", lambda state: state.update({"\x1b]0;x\x07\x1b[31m" + "x" * 5_000: torch.zeros(3)})
    yield "twice", lambda state: state.update({f"module.{name}": value.clone() for name, value in state.items()})
    yield "renamed", lambda state: [state.update({f"net.{name}": state.pop(name)}) for name in list(state)]
    yield "nothing", lambda state: state.clear()


def _convert(name: str, kind: torch.dtype) -> Callable[[_State], object]:
    return lambda state: _replace(state, name, lambda value: value.to(kind))


def _replace(state: _State, name: str, change: Callable[[Tensor], Tensor]) -> None:
    state[name] = change(state[name])


def _odd_files() -> Iterator[tuple[str, bytes]]:
    size = int.from_bytes(GOOD[:8], "little")
    header, data = json.loads(GOOD[8 : 8 + size]), GOOD[8 + size :]

    def raw(header: object, data: bytes = data, claimed: int | None = None) -> bytes:
        text = header if isinstance(header, bytes) else json.dumps(header).encode()
        return (len(text) if claimed is None else claimed).to_bytes(8, "little") + text + data

    def entry(**changes: object) -> bytes:
        return raw(header | {"main.0.weight": header["main.0.weight"] | changes})

    first = header["main.0.weight"]["data_offsets"]
    for length in (0, 1, 7, 8, 9, 100, len(GOOD) // 2, len(GOOD) - 1):
        yield f"cut-{length}", GOOD[:length]
    for claimed in (0, 1, 10**6, 10**8, 2**63, 2**64 - 1):
        yield f"header-claims-{claimed}", raw(header, claimed=claimed)
    yield "trailing", GOOD + b"\0" * 100
    for kind in ("F4", "F7", "C128", "", 5, None, "F32\0", "f32"):
        yield f"kind-{kind!r}", entry(dtype=kind)
    for shape in ([2**40, 4, 4, 4], [2**64, 1], [-5, 8, 4, 4], ["5"], [5.0, 8, 4, 4], {}, None, [[5]], [1] * 10_000):
        yield f"shape-{str(shape)[:20]}", entry(shape=shape)
    for offsets in ([0, 2**63], [first[1], first[0]], [-1, 5], [0, 0], [0], [], None, [first[0] + 1, first[1] + 1]):
        yield f"offsets-{offsets}", entry(data_offsets=offsets)
    yield "overlap", raw(dict.fromkeys(header, header["main.0.weight"]))
    yield "deep", raw(DEEP)
    yield "deep-value", raw(b'{"a":' * 50_000)
    yield "list", raw([])
    yield "null", raw(None)
    yield "number", raw(b"9" * 5_000)
    yield "not-text", raw(b"\xff\xfe\xfa{}")
    yield "odd-metadata", raw({"__metadata__": {"a": [1]}} | header)
    none = {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}
    yield "many-names", raw({f"w{i}": none for i in range(15_000)}, b"")
    yield "pickle", pickle.dumps({"main.0.weight": 1})
    yield "gzip", gzip.compress(GOOD)
    yield "page", b"<!DOCTYPE html><title>404</title>"
    yield "pointer", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 7166936\n"
    yield "zeros", bytes(10_000)
    yield "ones", b"\xff" * 10_000


def pickles() -> Iterator[tuple[str, bytes]]:
    """Yield the name and the bytes of .pth files that are no state dict of a network, or ask for far too much."""
    for name, content in _odd_states():
        file = io.BytesIO()
        torch.save(content, file)
        yield name, file.getvalue()
    compressed = io.BytesIO()
    with zipfile.ZipFile(compressed, "w", zipfile.ZIP_DEFLATED) as target:
        zeros = {**good_state(), "main.0.weight": torch.zeros(5, 8, 4, 4_000)}
        file = io.BytesIO()
        torch.save(zeros, file)
        for part in zipfile.ZipFile(file).infolist():
            target.writestr(part.filename, zipfile.ZipFile(file).read(part))
    yield "compressed", compressed.getvalue()
    legacy = io.BytesIO()
    torch.save({"main.0.weight": torch.zeros(123_456)}, legacy, _use_new_zipfile_serialization=False)
    claim, more = (number.to_bytes(4, "little") for number in (123_456, 2**31 - 1))
    yield "legacy-claim", legacy.getvalue()[:-400_000].replace(claim, more)
    yield from {"empty": b"", "text": b"no pickle", "safetensors": GOOD, "zip": zip_of(b"x")}.items()


def _odd_states() -> Iterator[tuple[str, object]]:
    good = good_state()
    first = good["main.0.weight"]
    for name, value in {
        "expanded": torch.zeros(1).expand(4_096, 8_192, 4, 4),  # two billion numbers out of one
        "sparse": first.to_sparse(),
        "meta": first.to("meta"),
        "nan": first * float("nan"),
        "complex": first.to(torch.complex64),
    }.items():
        yield name, good | {"main.0.weight": value}
    yield "shared", dict.fromkeys(good, first)
    yield "numbers-as-names", dict(enumerate(good.values()))
    yield "list", list(good.values())
    yield "nested", {"state_dict": good}
    yield "nothing", {}


def zip_of(content: bytes) -> bytes:
    """Return a zip of one file."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a", content)
    return file.getvalue()


# --- folders -------------------------------------------------------------------------------------------------------


def write_corpus(root: Path) -> dict[Path, bool]:
    """Write the folders into `root`; return for each whether it may be shown, harmless as it is."""
    shared = root / "good.safetensors"
    root.mkdir(parents=True)
    shared.write_bytes(GOOD)
    found: dict[Path, bool] = {}

    def folder(name: str | bytes, shown: bool) -> Path:
        path = Path(os.fsdecode(os.path.join(os.fsencode(root), name if isinstance(name, bytes) else name.encode())))
        path.mkdir()
        found[path] = shown
        if shown:
            os.link(shared, path / "model.safetensors")
        return path

    for name, content in weights():
        Path(folder("w " + name.replace("/", "-"), False), "model.safetensors").write_bytes(content)
    for name, make in NODES.items():
        make(folder(f"n {name}", False) / "model.safetensors")
    for name in (b"caf\xe9", b"\xff\xfe", b"\xed\xa0\x80", b"a\nb", b"\x1b[31mred", b"<b>&amp;", b"x" * 255):
        folder(name, True)
    for name, part, content in _records():
        Path(folder(f"r {name}", True), part).write_bytes(content)
    for name, task in {"unknown": "sharpen", "list": ["generate"], "long": "x" * 10**6}.items():
        Path(folder(f"t {name}", True), "config.json").write_bytes(_line(task=task))
    for part in ("config.json", "history.jsonl", "metrics.jsonl", "reals.webp", "samples", "snapshots"):
        for name, make in NODES.items():
            make(folder(f"n {part} {name}", True) / part)
    for kind, suffix in (("samples", "webp"), ("snapshots", "safetensors")):
        for name, make in NODES.items():
            place = folder(f"n {kind} file {name}", True) / kind
            place.mkdir()
            make(place / f"epoch-0001.{suffix}")
    for name, content in _pictures():
        place = folder(f"p {name}", True)
        (place / "samples").mkdir()
        for path in (place / "samples" / "epoch-0001.webp", place / "reals.webp"):
            path.write_bytes(content)
    for name, content in list(weights())[::10]:
        place = folder(f"s {name.replace('/', '-')}", True) / "snapshots"
        place.mkdir()
        (place / "epoch-0001.safetensors").write_bytes(content)
    return found


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener, suppress(OSError):  # whose names are short
        listener.bind(os.path.relpath(path))


# What may lie where a file is looked for, besides a file.
NODES: dict[str, Callable[[Path], object]] = {
    "directory": lambda path: path.mkdir(),
    "pipe": os.mkfifo,
    "loop": lambda path: path.symlink_to(path.name),
    "dangling": lambda path: path.symlink_to("nowhere"),
    "endless": lambda path: path.symlink_to("/dev/zero"),
    "elsewhere": lambda path: path.symlink_to("/etc/passwd"),
    "socket": _socket,
}


def _records() -> Iterator[tuple[str, str, bytes]]:
    """Yield the name of a case, the name of a file beside the weights, and its bytes."""
    for part in ("config.json", "history.jsonl", "metrics.jsonl"):
        for name, content in {
            "empty": b"",
            "null": b"null",
            "list": b"[]",
            "deep": DEEP,
            "deep value": b'{"epoch":1,"event":' + b"[" * 900 + b"]" * 900 + b"}",
            "binary": bytes(range(256)) * 100,
            "utf-16": '{"epoch": 1}'.encode("utf-16"),
            "digits": b'{"epoch": ' + b"9" * 5_000 + b"}",
            "huge": json.dumps({"epoch": HUGE, "images_seen": HUGE, "data": HUGE, "train": HUGE}).encode(),
            "infinite": b'{"epoch": 1, "images_seen": 1e999, "loss_d": -Infinity, "loss_g": NaN}',
            "surrogate": f'{{"epoch": 1, "event": {SURROGATE}, "data": {{"name": {SURROGATE}}}}}'.encode(),
        }.items():
            yield f"{part} {name}", part, content
    yield "config names", "config.json", _line(data={"name": {}, "pictures": HUGE}, train={"recipe": [], "loss": {}})
    yield "history long", "history.jsonl", b"".join(_line(epoch=epoch, loss_d=1.0) for epoch in range(1, 20_000))
    yield "history events", "history.jsonl", b"".join(_line(epoch=i, event="x" * 3_000) for i in range(1, 1_000))
    for name, epoch in {"minus": -1, "beyond": 10**12, "part": 1.5, "true": True, "text": "1"}.items():
        yield f"history {name}", "history.jsonl", _line(epoch=epoch, loss_d=1.0)
    for key in ("images_seen", "loss_d", "lr", "event"):
        lines = [{"epoch": 1}, {"epoch": 2, key: HUGE}, {"epoch": 3, key: {}}]
        yield f"history {key}", "history.jsonl", b"".join(_line(**line) for line in lines)
    for key in MEASUREMENT:
        changed = [
            MEASUREMENT | {key: value} for value in (HUGE, -HUGE, 1e308, float("nan"), True, "x", {}, [[]], None)
        ]
        yield f"metrics {key}", "metrics.jsonl", b"".join(_line(**line) for line in (MEASUREMENT, *changed))

    tasks = [
        MEASUREMENT | {"task": task, "floor": {"kid": 0.1, "count": 9}} for task in ("colorize", "upscale", "x", [])
    ]
    yield "metrics tasks", "metrics.jsonl", b"".join(_line(**line) for line in (MEASUREMENT, *tasks, *tasks))


def _line(**values: object) -> bytes:
    return json.dumps(values).encode() + b"\n"


def _pictures() -> Iterator[tuple[str, bytes]]:
    def encoded(*sizes: tuple[int, int], kind: str = "WEBP") -> bytes:
        first, *others = [Image.new("RGB", size, (i, 0, 0)) for i, size in enumerate(sizes)]
        file = io.BytesIO()
        first.save(file, kind, **({"save_all": True, "append_images": others} if others else {}))
        return file.getvalue()

    still = encoded((64, 64))
    yield "bomb", BOMB
    yield "wide", encoded((16_383, 1))
    yield "moving", encoded(*[(64, 64)] * 5)
    yield "png", encoded((64, 64), kind="PNG")
    yield "cut", still[: len(still) // 2]
    yield "signature", b"RIFF....WEBP"
    yield "nothing", b""
    yield "script", b'RIFF....WEBP"><script>alert(1)</script>'
    yield "large", still + bytes(3_000_000)
