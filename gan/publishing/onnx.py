"""A generator as an ONNX file, checked against the network it was made of; its packages are not among requirements."""

import io
import logging
import warnings
from contextlib import redirect_stderr, redirect_stdout
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

import torch

from gan.checkpoints import load_generator
from gan.errors import UserError
from gan.files import write_atomically
from gan.latent import sample_z
from gan.models import Generator

PACKAGES = ("onnx", "onnxscript", "onnxruntime")
SEEDS = range(8)  # whose pictures must be the same
APART = 1e-4  # in [-1, 1]: a hundredth of one of 255 levels


def write_onnx(source: str | Path, file: str | Path) -> float:
    """Write a checkpoint's generator as ONNX: z (N, z_dim) float32 -> images (N, 3, S, S) in [-1, 1].

    Return how far its pictures are from the generator's, at most. Raises UserError where packages are missing, the file
    is not named .onnx, or the pictures are not the same.
    """
    file = Path(file)
    if file.suffix.lower() != ".onnx":
        raise UserError(f"{file}: is not named as an ONNX file; give one that ends in .onnx")
    require_packages()
    generator = load_generator(source)
    content = exported(generator)
    apart = difference(generator, content)
    if not apart <= APART:
        raise UserError(f"{source}: what ONNX draws is {apart:.2g} apart from the generator's; nothing was written")
    write_atomically(file, content)
    return apart


def require_packages() -> None:
    """Raise UserError that says what to install where a package is missing."""
    missing = [name for name in PACKAGES if not _is_installed(name)]
    if missing:
        raise UserError(f"ONNX needs packages that are not installed: pip install {' '.join(missing)}")


def _is_installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def exported(generator: Generator) -> bytes:
    """Return the generator as the bytes of an ONNX file that takes any number of latents."""
    z = sample_z(SEEDS, generator.z_dim)
    sizes = {"z": {0: torch.export.Dim("n", min=1)}}
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings(action="ignore"), redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        program: Any = torch.onnx.export(
            generator,
            (z,),
            input_names=["z"],
            output_names=["images"],
            dynamic_shapes=sizes,
            dynamo=True,
            verbose=False,
        )
    return program.model_proto.SerializeToString()


def difference(generator: Generator, content: bytes) -> float:
    """Return how far the pictures of an ONNX file are from the generator's, at most, of some seeds and of one alone."""
    session = import_module("onnxruntime").InferenceSession(content, providers=["CPUExecutionProvider"])
    apart = []
    for seeds in (SEEDS, SEEDS[:1]):
        z = sample_z(seeds, generator.z_dim)
        with torch.inference_mode():
            expected = generator(z)
        (images,) = session.run(["images"], {"z": z.numpy()})
        apart.append((torch.from_numpy(images) - expected).abs().max())
    return torch.stack(apart).max().item()  # NaN, where one is
