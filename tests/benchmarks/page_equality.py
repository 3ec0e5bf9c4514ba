"""How far the page without a server draws from what Python draws, in both its ways, with the bundled models.

python tests/benchmarks/page_equality.py                        # 256 seeds: half an hour
python tests/benchmarks/page_equality.py --seeds 8 --model checkpoints/pokemon
"""

import argparse
import base64
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from page_latency import opened  # noqa: E402
from served import serve_files  # noqa: E402

from gan.checkpoints import load_generator  # noqa: E402
from gan.images import to_uint8  # noqa: E402
from gan.latent import edit, principal_directions, sample_z, tame, truncate  # noqa: E402
from gan.publishing.page import write_page  # noqa: E402

BUNDLED = [ROOT / "checkpoints" / name for name in ("pokemon", "anime")]
# Truncation, wildness, directions' amounts, offsets: what the page calls d1 ... and z0 ...
CASES = (
    (1.0, 1.0, [], {}),
    (0.7, 1.0, [], {}),
    (0.3, 1.0, [], {}),
    (1.0, 0.7, [], {}),
    (1.0, 0.3, [], {}),
    (1.0, 1.0, [2.5, 0, -1.75, 0, 0, 0, 0, 4.05], {17: 0.5, 99: -3.0}),
)
DRAW = """async ({ folder, way, seeds, truncation, wildness, edits }) => {
    const module = (name) => import(new URL(name, document.baseURI));
    const [{ readFile, readJson }, { readGenerator }, { startEngine }, { sampleZ }, latents] =
        await Promise.all(["assets.js", "weights.js", "engine.js", "seeds.js", "latents.js"].map(module));
    if (window.started !== folder + way) {
        window.network = readGenerator(await readFile(`${folder}/model.safetensors`));
        window.facts = await readJson(`${folder}/page.json`);
        const { seed, pixels } = facts.proof;
        const bytes = Uint8Array.from(atob(pixels), (sign) => sign.charCodeAt(0));
        window.engine?.stop();
        window.engine = await startEngine(network, { z: sampleZ(seed, network.zDim), pixels: bytes }, way, () => {});
        window.started = folder + way;
    }
    const text = (buffer) => btoa(Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join(""));
    const drawn = [];
    for (const seed of seeds) {
        const tamed = latents.truncate(latents.tame(sampleZ(seed, network.zDim), wildness), truncation);
        const z = latents.edit(tamed, facts.directions, edits);
        drawn.push([text(z.buffer), text((await engine.draw(z)).buffer)]);
    }
    return [engine.way, drawn];
}"""


def main() -> None:
    """Draw the same in both, and print how often and how far they differ."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", nargs="+", type=Path, default=BUNDLED)
    parser.add_argument("--seeds", type=int, default=256)
    parser.add_argument("--way", nargs="+", choices=("webgl", "plain"), default=("webgl", "plain"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        write_page(Path(folder, "page"), options.model)
        with serve_files(Path(folder, "page")) as address, opened(f"{address}README.md") as page:
            for model in options.model:
                for way in options.way:
                    for case in CASES:
                        compare(page, model, way, case, options.seeds)


def compare(page, model, way, case, count):
    """Print one line on one model, one way, one kind of picture."""
    truncation, wildness, amounts, offsets = case
    generator = load_generator(model)
    directions, _ = principal_directions(generator.main[0].weight, 8)
    edits = {f"d{k}": amount for k, amount in enumerate(amounts, 1)}
    edits |= {f"z{i}": amount for i, amount in offsets.items()}
    off = np.zeros(3, np.int64)  # values that differ by 0, by 1, by more
    worst_z, far = 0.0, 0
    for start in range(0, count, 16):
        seeds = list(range(start, min(start + 16, count)))
        tamed = truncate(tame(sample_z(seeds, generator.z_dim), wildness), truncation)
        z = torch.stack([edit(row, directions, amounts, offsets) for row in tamed])
        with torch.inference_mode():
            theirs = to_uint8(generator(z)).permute(0, 2, 3, 1).numpy().astype(int)
        asked = {"folder": f"models/{model.name}", "way": way, "seeds": seeds, "edits": edits}
        asked |= {"truncation": truncation, "wildness": wildness}
        taken, drawn = page.evaluate(DRAW, asked)
        for row, picture, (z_text, pixels) in zip(z.numpy(), theirs, drawn, strict=True):
            ours_z = np.frombuffer(base64.b64decode(z_text), np.float32)
            worst_z = max(worst_z, float(np.abs(ours_z - row).max()))
            ours = np.frombuffer(base64.b64decode(pixels), np.uint8).reshape(*picture.shape[:2], 4)[..., :3]
            apart = np.abs(ours - picture)
            far = max(far, int(apart.max()))
            off += np.bincount(np.minimum(apart, 2).ravel(), minlength=3)
    kind = "edited" if edits else f"truncation {truncation}, wildness {wildness}"
    print(
        f"{model.name}, {taken}, {kind}, {count} seeds: z within {worst_z:.1e}; equal {off[0] / off.sum():.4%}, "
        f"within one level {off[:2].sum() / off.sum():.4%}, at most {far} levels apart",
        flush=True,
    )


if __name__ == "__main__":
    main()
