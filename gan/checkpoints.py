"""The two kinds of checkpoint: published networks (safetensors) and the training state; atomic and verified."""

import hashlib
import io
import math
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn

from gan import hub
from gan.errors import UserError
from gan.files import read_json, read_regular, write_atomically
from gan.models import Discriminator, Generator

GENERATOR_FILE = hub.MODEL
DISCRIMINATOR_FILE = "discriminator.safetensors"
CONFIG_FILE = "config.json"
MAX_HEADER_BYTES = 1_000_000  # of a .safetensors file; ours have 3,000
STATES_KEPT = 2
STATE_NAME = re.compile(r"images-(\d{12})-([0-9a-f]{16})\.pt")


# --- published networks ----------------------------------------------------------------------------------


def save_network(path: str | Path, network: nn.Module) -> None:
    """Write a network as safetensors: weights in float16, statistics and counters as they are."""
    tensors = {}
    for name, value in network.state_dict().items():
        half = value.is_floating_point() and value.dim() > 1
        tensors[name] = value.detach().cpu().to(torch.float16 if half else value.dtype).contiguous()
    write_atomically(Path(path), save(tensors))


def load_generator(source: str | Path) -> Generator:
    """Return the generator of a checkpoint folder, .safetensors file or Hub id, on the CPU, in eval mode.

    A Hub id is "USER/NAME" or "USER/NAME@revision", where nothing on this machine has that name. The size is read off
    the weights, so files in the layout of PyTorch's DCGAN tutorial load as they are.
    Whatever does not fit exactly raises UserError.
    """
    path = _weights_file(source, GENERATOR_FILE)
    return _build_generator(_read_tensors(path), path)


def load_discriminator(source: str | Path) -> Discriminator:
    """Return the discriminator of a checkpoint folder, on the CPU, in train mode; else raise UserError."""
    path = _weights_file(source, DISCRIMINATOR_FILE)
    tensors = _read_tensors(path)
    norm = "batch" if any(name.endswith("running_mean") for name in tensors) else "none"
    weights = [value for value in tensors.values() if value.dim() == 4]
    base_channels = weights[0].shape[0] if weights else 0
    widest = max((value.shape[0] for value in weights), default=0)
    minibatch_std = any(value.shape[1] == widest + 1 for value in weights)  # the last one, with that map more
    network = _build(Discriminator, path, base_channels, len(weights), norm=norm, minibatch_std=minibatch_std)
    return _load_strictly(network, tensors, path)


def import_tutorial_weights(source: str | Path) -> Generator:
    """Return the generator in a .pth file laid out as in PyTorch's DCGAN tutorial (a state dict).

    The file is read with `weights_only=True`, so that it cannot run code. Raises UserError if it is anything else.
    """
    try:
        tensors = torch.load(source, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises a dozen kinds for a file that is not what it should be
        raise UserError(f"{source}: is no state dict that can be read safely ({type(error).__name__})") from error
    if not (isinstance(tensors, dict) and all(isinstance(value, Tensor) for value in tensors.values())):
        raise UserError(f"{source}: holds no state dict; save netG.state_dict() and import that")
    tensors = {name.removeprefix("module."): value for name, value in tensors.items()}
    return _build_generator(tensors, Path(source))


def checkpoint_folder(source: str | Path) -> Path:
    """Return the path itself, or for a Hub id the folder that it was downloaded to."""
    return hub.fetch(str(source)) if hub.is_id(str(source)) else Path(source)


def _weights_file(source: str | Path, name: str) -> Path:
    path = checkpoint_folder(source)
    if path.is_dir():
        path = path / name
    if not path.is_file():
        raise UserError(f"{path}: no such file. Give a checkpoint folder with {name} in it.")
    if path.suffix != ".safetensors":
        raise UserError(f"{path}: is not a .safetensors file; import a .pth with python -m gan.promote")
    return path


def _read_tensors(path: Path) -> dict[str, Tensor]:
    try:
        with open(path, "rb") as file:
            header_bytes = int.from_bytes(file.read(8), "little")
        if header_bytes > MAX_HEADER_BYTES:
            raise UserError(f"{path}: its header claims {header_bytes:,} bytes, which no network of this kind needs")
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise UserError(f"{path}: is damaged or no safetensors file ({error})") from error


def _build_generator(tensors: dict[str, Tensor], path: Path) -> Generator:
    weights = [value for value in tensors.values() if value.dim() == 4]
    first = tensors.get("main.0.weight")
    if first is None or first.dim() != 4:
        raise UserError(f"{path}: holds no DCGAN generator (main.0.weight is missing)")
    base_channels = first.shape[1] >> max(len(weights) - 2, 0)
    network = _build(Generator, path, base_channels, len(weights), z_dim=first.shape[0])
    return _load_strictly(network, tensors, path).eval()


def _build(kind: type[nn.Module], path: Path, base_channels: int, convolutions: int, **arguments: Any) -> nn.Module:
    """Outline a network of so many convolutions: each but the first (G) or last (D) doubles or halves the side.

    It takes no memory yet: a stranger's file may claim any size, and is believed only once all of it fits.
    """
    if base_channels < 1 or not 4 <= convolutions <= 6:
        raise UserError(f"{path}: has {convolutions} convolutions; this DCGAN has 4, 5 or 6 (32, 64 or 128 pixels)")
    with torch.device("meta"):
        return kind(base_channels=base_channels, image_size=2 ** (convolutions + 1), **arguments)


def _load_strictly(network: nn.Module, tensors: dict[str, Tensor], path: Path) -> Any:
    try:
        network.load_state_dict(tensors, strict=True, assign=True)
    except RuntimeError as error:
        detail = str(error).split("\n\t")[1] if "\n\t" in str(error) else str(error)
        raise UserError(f"{path}: its weights do not fit a {type(network).__name__}: {detail}") from error
    return network.float()


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
    passed_over = []
    for path in list_states(folder):
        try:
            state, fault = _read_state(path, misfit), ""
        except OSError as error:
            fault = f"cannot be read ({error.strerror})"
        except UserError as error:
            fault = str(error)
        if not fault:
            return state, passed_over
        passed_over.append(f"{path}: this state {fault}; it is passed over.")
    return None, passed_over


def _read_state(path: Path, misfit: Callable[[Any], str]) -> dict[str, Any]:
    content = read_regular(path)
    if _digest(content) != STATE_NAME.fullmatch(path.name)[2]:
        raise UserError("is damaged")
    try:
        state = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
        fault = misfit(state)
    except Exception as error:  # torch raises a dozen kinds for a file that is not what it should be
        fault = type(error).__name__
    if fault:
        raise UserError(f"is none of this run ({fault})")
    return state


def list_states(folder: str | Path) -> list[Path]:
    """Return the training states in the folder, newest first."""
    states = [path for path in Path(folder).glob("images-*.pt") if STATE_NAME.fullmatch(path.name)]
    return sorted(states, key=lambda path: (path.name[:19], path.lstat().st_mtime_ns), reverse=True)


def weights_digest(path: str | Path) -> str:
    """Return the name by which a weights file is known: the first 16 hexadecimal digits of its SHA-256."""
    return _digest(Path(path).read_bytes())


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def read_described(folder: str | Path) -> dict[str, Any]:
    """Return the config.json of a run or checkpoint folder, {} where it has none; a damaged one raises UserError."""
    path = Path(folder, CONFIG_FILE)
    return read_json(path) if path.is_file() else {}


def images_seen(described: dict[str, Any]) -> int:
    """Return how many pictures the networks beside this config.json have seen in all; 0 where it does not say."""
    counts = [described.get(name) for name in ("images_seen", "images_before")]
    return sum(count for count in counts if isinstance(count, int) and 0 < count < 10**12)


def parameter_count(*networks: nn.Module) -> int:
    """Return how many numbers the networks learn."""
    return sum(math.prod(value.shape) for network in networks for value in network.parameters())
