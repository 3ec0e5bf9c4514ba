"""What a file of weights is: a network of ours, decided once and from its bytes alone, or a sentence on why not."""

import io
import re
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import torch
from safetensors.torch import load
from torch import Tensor, nn

from gan.config import RANGES
from gan.errors import UserError, printable
from gan.hub.contents import MODEL, most_bytes
from gan.latent import sample_z
from gan.models import Discriminator, Generator
from gan.translation.networks import Colorizer, PatchDiscriminator, Upscaler

MAX_BYTES = most_bytes(MODEL)  # of a file; those of 64 pixels have 7,000,000
MAX_HEADER_BYTES = 1_000_000  # of a .safetensors file; ours have 3,000
WRAPPERS = ("module", "_orig_mod")  # what DataParallel and torch.compile put into the names of weights
# How the first report names layers, each an attribute of its own: convtranspose1.weight, bn1.running_mean.
NAMED_LAYER = re.compile(r"(conv|bn)[a-z_]*(\d{1,3})\.(\w+)", re.ASCII | re.IGNORECASE)
FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
INTEGERS = (torch.int64, torch.int32)  # of counters; whoever halves a whole state dict has them as FLOATS

Network = TypeVar("Network", bound=nn.Module)
Dcgan = TypeVar("Dcgan", Generator, Discriminator)
Translator = TypeVar("Translator", Colorizer, Upscaler, PatchDiscriminator)
TRANSLATORS: dict[str, type[Colorizer] | type[Upscaler]] = {"colorize": Colorizer, "upscale": Upscaler}


def parse_safetensors(content: bytes, path: Path) -> dict[str, Tensor]:
    """Return the tensors in the bytes of a .safetensors file; raise UserError where it is none."""
    header_bytes = int.from_bytes(content[:8], "little")
    if header_bytes > MAX_HEADER_BYTES:
        raise UserError(f"{path}: its header claims {header_bytes:,} bytes, which no network of this kind needs")
    try:
        return load(content)
    except Exception as error:  # besides its own kind, whatever it meets where a stranger's header is odd
        reason = printable(str(error) or type(error).__name__)
        raise UserError(f"{path}: is damaged or no safetensors file ({reason})") from error


def parse_pth(content: bytes, path: Path) -> dict[str, Tensor]:
    """Return the tensors in the bytes of a state dict that torch.save wrote; raise UserError where it is none.

    It is read with `weights_only=True`, so that it cannot run code, and takes no more memory than it has bytes.
    """
    try:
        tensors = _unpickle(content)
    except Exception as error:  # torch raises a dozen kinds for a file that is not what it should be
        raise UserError(f"{path}: is no state dict that can be read safely ({type(error).__name__})") from error
    if not (isinstance(tensors, dict) and all(map(_is_weight, tensors.items()))):
        raise UserError(f"{path}: holds no state dict; save netG.state_dict() and import that")
    for name, value in tensors.items():
        if value.layout != torch.strided or value.device.type != "cpu":
            kind = "sparse" if value.layout != torch.strided else f"on the device {value.device}"
            raise UserError(f"{path}: {printable(name)} is {kind}; only plain tensors that hold their numbers are read")
    if sum(value.numel() * value.element_size() for value in tensors.values()) > len(content):
        raise UserError(f"{path}: its tensors claim more numbers than the file holds")
    return tensors


def _unpickle(content: bytes) -> Any:
    file = io.BytesIO(content)
    if zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as archive:  # torch.save compresses nothing, torch.load unpacks all of it
            if sum(part.file_size for part in archive.infolist()) > len(content):
                raise ValueError("compressed")
    file.seek(0)
    with warnings.catch_warnings(action="ignore"):  # of sparse tensors, which are refused in words of our own
        return torch.load(file, map_location="cpu", weights_only=True)


def _is_weight(item: tuple[Any, Any]) -> bool:
    return isinstance(item[0], str) and isinstance(item[1], Tensor)


def build_generator(tensors: dict[str, Tensor], path: Path) -> Generator:
    """Return the generator that these weights are, in eval mode; its size is read off them.

    Weights of another network, of another kind of number, not finite or of no picture raise UserError.
    """
    tensors = _in_sequence(_plain_names(tensors, path), conv=lambda i: 3 * i, norm=lambda i: 3 * i + 1)
    weights = [value for value in tensors.values() if value.dim() == 4]
    first = tensors.get("main.0.weight")
    if first is None or first.dim() != 4:
        raise UserError(f"{path}: holds no DCGAN generator (main.0.weight is missing)")
    if first.shape[1] == 3:
        raise UserError(f"{path}: is a discriminator, which takes pictures; give the generator, as netG")
    base_channels = first.shape[1] >> max(len(weights) - 2, 0)
    network = _outline(Generator, path, base_channels, len(weights), z_dim=first.shape[0])
    generator = _fill(network, tensors, path).eval()
    _check_answer(generator, path, sample_z([0], generator.z_dim))
    return generator


def build_discriminator(tensors: dict[str, Tensor], path: Path) -> Discriminator:
    """Return the discriminator that these weights are, in train mode; raise UserError as `build_generator` does."""
    tensors = _plain_names(tensors, path)
    norm = "batch" if any(name.endswith("running_mean") for name in tensors) else "none"
    apart = 3 if norm == "batch" else 2  # from one convolution to the next, but for the first two
    tensors = _in_sequence(tensors, conv=lambda i: max(0, apart * i + 2 - apart), norm=lambda i: 3 * i + 3)
    weights = [value for value in tensors.values() if value.dim() == 4]
    first = tensors.get("main.0.weight")
    if first is None or first.dim() != 4 or first.shape[1] != 3:
        raise UserError(f"{path}: holds no DCGAN discriminator (no main.0.weight that takes pictures)")
    base_channels = first.shape[0]
    widest = max((value.shape[0] for value in weights), default=0)
    minibatch_std = any(value.shape[1] == widest + 1 for value in weights)  # the last one, with that map more
    network = _outline(Discriminator, path, base_channels, len(weights), norm=norm, minibatch_std=minibatch_std)
    discriminator = _fill(network, tensors, path).eval()
    side = discriminator.image_size
    _check_answer(discriminator, path, torch.linspace(-1, 1, 3 * side * side).view(1, 3, side, side))
    return discriminator.train()


def build_translator(kind: type[Translator], tensors: dict[str, Tensor], path: Path) -> Translator:
    """Return the network of this kind that these weights are, in eval mode; raise UserError as `build_generator` does.

    Its sizes are read off the weights.
    """
    tensors = _plain_names(tensors, path)
    try:
        arguments = kind.arguments_of(tensors)
    except Exception as error:  # whatever it meets where weights are not what their names say
        raise UserError(f"{path}: holds no {kind.__name__}") from error
    for name, value in arguments.items():
        if value not in kind.SIZES[name]:
            raise UserError(f"{path}: its {name} is {value:,}, which no {kind.__name__} has")
    build = cast(Callable[..., Translator], kind)
    with torch.device("meta"):
        outline = build(**arguments)
    network = _fill(outline, tensors, path).eval()
    _check_answer(network, path, *network.example())
    return network


def _plain_names(tensors: dict[str, Tensor], path: Path) -> dict[str, Tensor]:
    """Return the tensors under the names that a network has which nothing is wrapped around."""
    plain = {".".join(part for part in name.split(".") if part not in WRAPPERS): name for name in tensors}
    if len(plain) < len(tensors):
        raise UserError(f"{path}: holds one weight twice, with and without a wrapper's name ({' or '.join(WRAPPERS)})")
    return {name: tensors[wrapped] for name, wrapped in plain.items()}


def _in_sequence(
    tensors: dict[str, Tensor], conv: Callable[[int], int], norm: Callable[[int], int]
) -> dict[str, Tensor]:
    """Return weights of layers that have names of their own, in whatever numbers, under their places in `main`.

    `conv` and `norm` say at which place the i-th convolution and batch norm stand. Other weights come back as they are.
    """
    found = {name: layer for name in tensors if (layer := NAMED_LAYER.fullmatch(name))}
    if len(found) < len(tensors):
        return tensors
    places = {"conv": conv, "bn": norm}
    numbers = {kind: sorted({int(layer[2]) for layer in found.values() if layer[1].lower() == kind}) for kind in places}
    renamed = {}
    for name, layer in found.items():
        kind = layer[1].lower()
        renamed[f"main.{places[kind](numbers[kind].index(int(layer[2])))}.{layer[3]}"] = tensors[name]
    return renamed


def _outline(kind: type[Dcgan], path: Path, base_channels: int, convolutions: int, **arguments: Any) -> Dcgan:
    """Outline a network of so many convolutions: each but the first (G) or last (D) doubles or halves the side.

    It takes no memory yet: a stranger's file may claim any size, and is believed only once all of it fits.
    """
    if not 4 <= convolutions <= 6:
        raise UserError(f"{path}: has {convolutions} convolutions; this DCGAN has 4, 5 or 6 (32, 64 or 128 pixels)")
    arguments["base_channels"] = base_channels
    for name in arguments.keys() & RANGES.keys():
        low, high = RANGES[name]
        if not low <= arguments[name] <= high:
            raise UserError(f"{path}: its {name} is {arguments[name]:,}; it must lie between {low:,} and {high:,}")
    with torch.device("meta"):
        return kind(image_size=2 ** (convolutions + 1), **arguments)


def _fill(network: Network, tensors: dict[str, Tensor], path: Path) -> Network:
    """Give an outlined network its weights, float32 whatever they were, if they are finite numbers and all fit."""
    counters = {name for name, value in network.state_dict().items() if not value.is_floating_point()}
    filled = {}
    for name, value in tensors.items():
        kinds = (*FLOATS, *INTEGERS) if name in counters else FLOATS
        if value.dtype not in kinds:
            kind = str(value.dtype).removeprefix("torch.")
            raise UserError(
                f"{path}: {printable(name)} holds numbers of the kind {kind}; weights are float32 or float16"
            )
        filled[name] = value.detach().to(torch.int64 if name in counters else torch.float32)
    try:
        network.load_state_dict(filled, strict=True, assign=True)
    except RuntimeError as error:
        detail = str(error).split("\n\t")[1] if "\n\t" in str(error) else str(error)
        raise UserError(f"{path}: its weights do not fit a {type(network).__name__}: {printable(detail)}") from error
    for name, value in network.state_dict().items():
        if not value.abs().max().isfinite():
            raise UserError(f"{path}: {name} holds numbers that are not finite; such weights draw nothing")
    return network


def _check_answer(network: nn.Module, path: Path, *question: Tensor) -> None:
    with torch.inference_mode():
        answer = network(*question)
    if not answer.isfinite().all():
        raise UserError(f"{path}: its weights are numbers, but what the network makes of them is none")


def compact(value: Tensor) -> Tensor:
    """Return the numbers in float16 where it holds them to within a thousandth of the largest, else as they are.

    It has nothing above 65,504 and loses what lies below 0.0001.
    """
    half = value.to(torch.float16)
    apart = (half.to(value.dtype) - value).abs().max()
    return half if apart <= value.abs().max() / 1000 else value
