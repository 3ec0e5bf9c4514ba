"""What the machine can do: device, precision, and the settings that make training fast on it."""

import platform
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import torch

from gan.errors import UserError
from gan.precision import has_bfloat16
from gan.training import distributed
from gan.words import counted


def choose_device(name: str) -> torch.device:
    """Return the device for "auto", "cpu", "cuda" or "mps"; one that is not there raises UserError.

    Of several processes on a machine, each has a GPU of its own.
    """
    alone = distributed.count() == 1
    if name == "mps" and not alone:  # gloo, by which processes meet without CUDA, knows no Metal
        raise UserError("--device mps serves one process: leave out torchrun, or give --device cpu")
    metal = torch.backends.mps.is_available() and alone
    present = {"cuda": torch.cuda.is_available(), "mps": metal, "cpu": True}
    if name == "auto":
        name = next(kind for kind, there in present.items() if there)
    if not present[name]:
        raise UserError(f"--device {name}: there is none on this machine; --device auto takes what there is")
    if name == "cuda":
        torch.backends.cudnn.benchmark = True
        torch.set_float32_matmul_precision("high")  # TF32
        torch.backends.cudnn.allow_tf32 = True
        if distributed.count() > 1:
            return _own_gpu()
    return torch.device(name)


def _own_gpu() -> torch.device:
    number, there = distributed.local_rank(), torch.cuda.device_count()
    if number >= there:
        raise UserError(f"this machine has {counted(there, 'GPU')}; give torchrun --nproc-per-node {there}")
    torch.cuda.set_device(number)
    return torch.device("cuda", number)


def choose_precision(name: str, device: torch.device) -> str:
    """Return "fp32" or "bf16"; "auto" takes bfloat16 where the hardware multiplies in it, as it is slow elsewhere."""
    if name != "auto":
        return name
    if device.type == "cuda":
        fast = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        fast = device.type == "cpu" and has_bfloat16()
    return "bf16" if fast else "fp32"


def autocast(device: torch.device, precision: str) -> AbstractContextManager:
    """Return the context that runs convolutions in the precision."""
    return torch.autocast(device.type, torch.bfloat16) if precision == "bf16" else nullcontext()


def describe(device: torch.device) -> str:
    """Name the hardware in a few words, as in "AMD EPYC, 2 threads"."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    name = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        models = [line.split(":", 1)[1].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        name = models[0] if models else name
    threads = torch.get_num_threads()
    metal = ", Metal" if device.type == "mps" else ""
    return f"{name}, {counted(threads, 'thread')}{metal}"
