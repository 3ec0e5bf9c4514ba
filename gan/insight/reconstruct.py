"""A generator's own reconstructions of the pictures it was trained on: what `--task upscale --reconstructions` takes.

python -m gan.insight.reconstruct checkpoints/pokemon --data pokemon.zip --out reconstructions.safetensors
python train.py --dataset pokemon --data pokemon.zip --task upscale --reconstructions reconstructions.safetensors

Pictures that are held out from training are left out. It may be stopped at any time: the same command goes on.
"""

from gan.terminal.interrupts import end_quietly

if __name__ == "__main__":
    end_quietly()

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from gan.errors import UserError
from gan.files import is_there
from gan.scratch import exit_tidily_on_signals
from gan.terminal.command import Command
from gan.terminal.console import make_unfailing
from gan.terminal.installed import check_installed

if TYPE_CHECKING:
    import torch

    from gan.data.scan import Pictures
    from gan.insight.reconstructions import Reconstructions

BATCH = 16  # pictures at a time
STEPS = 200  # for each
KEPT_EVERY = 4  # batches


def reconstruct(checkpoint: str | Path, data: Path, out: Path, steps: int = STEPS) -> "Reconstructions":
    """Write the reconstructions of all training pictures; go on with those that the file has. Return them.

    Raises UserError where the pictures are others than the checkpoint was trained on, or the file is of another one.
    """
    import torch
    from tqdm import tqdm

    from gan.checkpoints import checkpoint_folder, load_with_digest
    from gan.images import from_uint8, to_uint8
    from gan.insight.projection import project_all
    from gan.insight.reconstructions import Reconstructions
    from gan.precision import bfloat16_where_quick

    folder = checkpoint_folder(checkpoint)
    generator, digest = load_with_digest(folder)
    generator = generator.requires_grad_(False).to(memory_format=torch.channels_last)
    made_by = torch.tensor(list(bytes.fromhex(digest)), dtype=torch.uint8)
    pictures = _pictures(folder, data, generator.image_size)
    found = _begun(out, made_by, pictures, generator.z_dim, steps)
    if not is_there(out):  # what cannot be written is told before hours of work
        found.save(out)
    done = len(found.order)
    images = from_uint8(pictures.images[done:])
    with bfloat16_where_quick(), tqdm(total=len(pictures.order), initial=done, desc="reconstructing", unit="") as bar:
        batches = project_all(generator, images, steps, BATCH, first_seed=done)
        for number, z in enumerate(batches, 1):
            with torch.inference_mode():
                drawn = to_uint8(generator(z))
            until = len(found.order) + len(z)
            found = Reconstructions(
                torch.cat((found.images, drawn)),
                torch.cat((found.z, z)),
                pictures.order[:until],
                made_by,
                pictures.names[:until],
                steps,
            )
            bar.update(len(z))
            if number % KEPT_EVERY == 0 or until == len(pictures.order):
                found.save(out)
    return found


def _pictures(folder: Path, data: Path, side: int) -> "Pictures":
    """Return what the checkpoint was trained on, without the pictures that other tasks hold out."""
    from gan.checkpoints import read_described
    from gan.data import holdout
    from gan.data.datasets import DATASETS
    from gan.insight.record import training_pictures
    from gan.publishing.provenance import learned_from

    pictures = training_pictures(folder, data, side)
    dataset = learned_from(read_described(folder))
    rest, _ = holdout.split(dataset if dataset in DATASETS else "folder", pictures.names, pictures.order)
    return pictures.rows(rest)


def _begun(out: Path, made_by: "torch.Tensor", pictures: "Pictures", z_dim: int, steps: int) -> "Reconstructions":
    """Return what the file has so far, none where there is no file; one that cannot go on so is refused."""
    import torch

    from gan.insight.reconstructions import Reconstructions

    if not is_there(out):
        none = pictures.rows([])
        return Reconstructions(none.images, torch.empty(0, z_dim), none.order, made_by, steps=steps)
    found = Reconstructions.load(out)
    if not (torch.equal(found.made_by, made_by) and torch.equal(found.order, pictures.order[: len(found.order)])):
        raise UserError(f"{out}: holds reconstructions by another model or of other pictures; choose another --out")
    if found.steps not in (0, steps):
        raise UserError(f"{out}: was begun with --steps {found.steps}; give that again, or choose another --out")
    return found._replace(names=pictures.names[: len(found.order)])


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    make_unfailing()
    parser = Command(prog="gan.insight.reconstruct", description=__doc__)
    parser.add_argument("checkpoint", metavar="CHECKPOINT", help="folder or Hub id of a generator")
    parser.add_argument("--data", required=True, type=Path, metavar="ZIP", help="what it was trained on")
    parser.add_argument("--out", required=True, type=Path, metavar="FILE", help="a .safetensors file")
    parser.add_argument("--steps", type=int, default=STEPS, metavar="N", help="for each picture (default %(default)s)")
    options = parser.parse_args(arguments)
    if options.steps < 1:
        parser.error("argument --steps: at least 1")
    try:
        check_installed()
        found = reconstruct(options.checkpoint, options.data, options.out, options.steps)
        print(f"{options.out}: {len(found.order):,} reconstructions")
    except UserError as error:
        print(f"gan.insight.reconstruct: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    exit_tidily_on_signals()
    sys.exit(main())
