"""The two kinds of checkpoint: published networks (safetensors) and the training state; atomic and verified."""

import hashlib
import io
import math
import os
import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import nn

from gan.errors import UserError, printable
from gan.files import entries, is_there, read_bytes, read_json, write_atomically
from gan.hub.contents import MODEL
from gan.hub.fetching import fetch
from gan.hub.ids import is_id
from gan.models import Discriminator, Generator
from gan.tasks import TASKS
from gan.translation.networks import Colorizer, PatchDiscriminator
from gan.translation.palettes import named_in
from gan.weights import (
    MAX_BYTES,
    TRANSLATORS,
    build_discriminator,
    build_generator,
    build_translator,
    compact,
    parse_pth,
    parse_safetensors,
)

GENERATOR_FILE = MODEL
DISCRIMINATOR_FILE = "discriminator.safetensors"
CONFIG_FILE = "config.json"
BEGAN_WITH = "began_with"  # in a config.json: the footprint of the record whose networks the run began with
CONTINUES = "continues"  # in a config.json: how far the record had come when the run began that is described
STATES_KEPT = 2
MAX_STATE_BYTES = 10**11  # ours have 90 million
STATE_NAME = re.compile(r"images-(\d{12})-([0-9a-f]{16})\.pt")


# --- published networks ----------------------------------------------------------------------------------


def save_network(path: str | Path, network: nn.Module) -> None:
    """Write a network as safetensors: weights in float16 where it holds them, statistics and counters as they are."""
    tensors = {}
    for name, value in network.state_dict().items():
        value = value.detach().cpu()
        is_weight = value.is_floating_point() and value.dim() > 1
        tensors[name] = (compact(value) if is_weight else value).contiguous()
    write_atomically(Path(path), save(tensors))


def load_generator(source: str | Path) -> Generator:
    """Return the generator of a checkpoint folder, .safetensors file or Hub id, on the CPU, in eval mode.

    A Hub id is "USER/NAME" or "USER/NAME@revision", where nothing on this machine has that name. The size is read off
    the weights, so files in the layout of PyTorch's DCGAN tutorial load as they are. Nothing of the file is used after
    the return, so it may be replaced. Whatever is no such network raises UserError.
    """
    return load_with_digest(source)[0]


def load_with_digest(source: str | Path, task: str = "generate") -> tuple[Any, str]:
    """Return the network that a task is for, and the name of the very bytes that it was made of.

    `source` is as for `load_generator`; a checkpoint of another task raises UserError.
    """
    path = _weights_file(source, GENERATOR_FILE)
    described = _described_as(path, task)
    content = read_bytes(path, MAX_BYTES)
    tensors = parse_safetensors(content, path)
    if task == "generate":
        return build_generator(tensors, path), _digest(content)
    kind: Any = TRANSLATORS[task]
    network = build_translator(kind, tensors, path)
    if isinstance(network, Colorizer):
        network.palettes = named_in(described)
    return network, _digest(content)


def load_network(source: str | Path) -> nn.Module:
    """Return the network that a checkpoint folder is for, whatever its task, on the CPU, in eval mode, strictly.

    Its config.json names the task; what is no network of that task raises UserError.
    """
    return load_with_digest(source, task_of(read_described(checkpoint_folder(source))))[0]


def load_translator(source: str | Path, task: str) -> Any:
    """Return the network of an image-to-image task from a checkpoint folder or Hub id, as `load_network` does.

    A checkpoint of another task raises UserError.
    """
    return load_with_digest(source, task)[0]


def load_judge(source: str | Path, task: str) -> PatchDiscriminator:
    """Return the discriminator beside such a network, in train mode; else raise UserError."""
    path = _weights_file(source, DISCRIMINATOR_FILE)
    _described_as(path, task)
    return build_translator(PatchDiscriminator, parse_safetensors(read_bytes(path, MAX_BYTES), path), path).train()


def _described_as(path: Path, task: str) -> dict[str, Any]:
    """Return the config.json beside a weights file, {} where none is understood; of another task raise UserError."""
    try:
        described = read_described(path.parent)
        named = task_of(described)
    except UserError:  # the weights decide
        return {}
    if named != task and (path.parent / CONFIG_FILE).is_file():
        raise UserError(f"{path}: is {TASKS[named].network}, not {TASKS[task].network}")
    return described


def task_of(described: dict[str, Any]) -> str:
    """Return the task that a config.json names, "generate" where it names none; one unknown raises UserError."""
    task = described.get("task", "generate")
    if not isinstance(task, str) or task not in TASKS:
        raise UserError(f"{CONFIG_FILE} names the task {printable(str(task))!r}; this version knows {', '.join(TASKS)}")
    return task


def load_discriminator(source: str | Path) -> Discriminator:
    """Return the discriminator of a checkpoint folder, on the CPU, in train mode; else raise UserError."""
    path = _weights_file(source, DISCRIMINATOR_FILE)
    return build_discriminator(parse_safetensors(read_bytes(path, MAX_BYTES), path), path)


def load_critic(source: str | Path) -> Discriminator | None:
    """Return the discriminator of a checkpoint folder to judge with, in eval mode; None where it came without one."""
    if not is_there(Path(source, DISCRIMINATOR_FILE)):
        return None
    return load_discriminator(source).eval().requires_grad_(False).to(memory_format=torch.channels_last)


def import_tutorial_weights(source: str | Path) -> Generator:
    """Return the generator in a .pth file (a state dict) laid out as in PyTorch's DCGAN tutorial or the first report.

    Nothing in the file can run code. Raises UserError if it is anything else.
    """
    path = Path(source)
    return build_generator(parse_pth(read_bytes(path, MAX_BYTES), path), path)


def import_tutorial_discriminator(source: str | Path) -> Discriminator:
    """Return the discriminator in a .pth file, the tutorial's netD, as `import_tutorial_weights` does."""
    path = Path(source)
    return build_discriminator(parse_pth(read_bytes(path, MAX_BYTES), path), path)


def checkpoint_folder(source: str | Path) -> Path:
    """Return the path itself, or for a Hub id the folder that it was downloaded to."""
    return fetch(str(source)) if is_id(str(source)) else Path(source)


def _weights_file(source: str | Path, name: str) -> Path:
    path = checkpoint_folder(source)
    if os.path.isdir(path):  # which, unlike the path's own, is False for a name that no file can have
        path = path / name
    if not is_there(path):
        raise UserError(f"{path}: no such file. Give a checkpoint folder with {name} in it.")
    if path.suffix != ".safetensors":
        raise UserError(f"{path}: is not a .safetensors file; import a .pth with python -m gan.promote")
    return path


# --- training state --------------------------------------------------------------------------------------


def save_state(folder: str | Path, images_seen: int, state: dict[str, Any], kept: int = STATES_KEPT) -> Path:
    """Write a training state under a name that carries its digest, and keep so many, itself included.

    States from later in the run go too: training went back behind them because they were damaged.
    """
    buffer = io.BytesIO()
    torch.save(state, buffer)
    content = buffer.getvalue()
    path = Path(folder, f"images-{images_seen:012d}-{_digest(content)}.pt")
    write_atomically(path, content)
    others = [other for other in list_states(folder) if other != path]
    earlier = [other for other in others if other.name[:19] <= path.name[:19]]
    for other in set(others) - set(earlier[: kept - 1]):
        with suppress(OSError):  # what cannot be deleted is no reason to stop training
            other.unlink()
    return path


def load_state(
    folder: str | Path, misfit: Callable[[Any], str] = lambda state: ""
) -> tuple[dict[str, Any] | None, list[str]]:
    """Return the newest training state that is whole and fits (None if there is none), and a sentence per other one.

    `misfit` says what keeps a state from being one of the run, "" where it is one.
    """
    passed_over: list[str] = []
    for path in list_states(folder):
        try:
            return _read_state(path, misfit), passed_over
        except UserError as error:
            passed_over.append(f"{error}; it is passed over.")
    return None, passed_over


def _read_state(path: Path, misfit: Callable[[Any], str]) -> dict[str, Any]:
    content = read_bytes(path, MAX_STATE_BYTES)
    if not path.name.endswith(f"-{_digest(content)}.pt"):
        raise UserError(f"{path}: this state is damaged")
    try:
        state = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
        fault = misfit(state)
    except Exception as error:  # torch raises a dozen kinds for a file that is not what it should be
        fault = type(error).__name__
    if fault:
        raise UserError(f"{path}: this state is none of this run ({fault})")
    return state


def list_states(folder: str | Path) -> list[Path]:
    """Return the training states in the folder, newest first; where one may not look, raise UserError."""
    states = [path for path in entries(Path(folder)) if STATE_NAME.fullmatch(path.name)]
    return sorted(states, key=lambda path: (path.name[:19], path.lstat().st_mtime_ns), reverse=True)


def weights_digest(path: str | Path) -> str:
    """Return the name by which a weights file is known: the first 16 hexadecimal digits of its SHA-256."""
    return _digest(Path(path).read_bytes())


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def read_described(folder: str | Path) -> dict[str, Any]:
    """Return the config.json of a run or checkpoint folder, {} where it has none; a damaged one raises UserError."""
    path = Path(folder, CONFIG_FILE)
    return read_json(path) if is_there(path) and path.is_file() else {}


def images_seen(described: dict[str, Any]) -> int:
    """Return how many pictures the networks beside this config.json have seen in all; 0 where it does not say."""
    return _sum_of(described.get(name) for name in ("images_seen", "images_before"))


def images_before_run(described: dict[str, Any]) -> int:
    """Return how many pictures the networks had seen when the run began that this config.json describes."""
    continues = described.get(CONTINUES)
    recorded = continues.get("images_seen") if isinstance(continues, dict) else 0
    return _sum_of((described.get("images_before"), recorded))


def _sum_of(counts: Iterable[Any]) -> int:
    return sum(count for count in counts if isinstance(count, int) and 0 < count < 10**12)


def parameter_count(*networks: nn.Module) -> int:
    """Return how many numbers the networks learn."""
    return sum(math.prod(value.shape) for network in networks for value in network.parameters())
