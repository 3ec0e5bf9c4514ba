"""What a promotion puts into the new folder: of a run what is published, through the gate; or weights of elsewhere."""

import shutil
import sys
from pathlib import Path
from typing import Any

from gan.checkpoints import (
    CONFIG_FILE,
    DISCRIMINATOR_FILE,
    GENERATOR_FILE,
    import_tutorial_discriminator,
    import_tutorial_weights,
    load_discriminator,
    load_generator,
    read_described,
    save_network,
    task_of,
    weights_digest,
)
from gan.data.download import locate
from gan.errors import UserError, quoted
from gan.files import read_json, write_json
from gan.folder import (
    NEIGHBOURS_FILE,
    OPINION_FILE,
    PICTURES_FILE,
    SAMPLES,
    SNAPSHOTS,
    list_epochs,
    read_history,
    read_iterations,
    read_metrics,
    same_protocol,
    write_history,
    write_iterations,
    write_metrics,
)
from gan.hub.ids import is_id
from gan.insight import record
from gan.publishing import release
from gan.publishing.provenance import learned_from

PUBLISHED_SNAPSHOTS = 2  # earlier generators in the folder, 7 MB each at 64 pixels
AGE = {"epoch", "images_seen"}  # of a measurement and of a config.json


def copy_run(run: Path, target: Path, best: bool, before: Path | None) -> None:
    """Copy through the gate what of a run is published; `before` is its checkpoint so far, if there is one."""
    names = release.files_to_pass(run)
    if GENERATOR_FILE not in names:
        raise UserError(f"{run}: has no {GENERATOR_FILE} yet; train on with python train.py --resume {quoted(run)}")
    release.pass_file(run, GENERATOR_FILE, target / GENERATOR_FILE)  # a damaged file is never promoted
    config = read_json(run / CONFIG_FILE)
    numbers = [config.get(key) for key in ("epoch", "images_seen", "seconds")]
    if not isinstance(config.get("train"), dict) or not all(isinstance(number, int | float) for number in numbers):
        raise UserError(f"{run}: is no run that train.py made; its {CONFIG_FILE} does not say how it was trained")
    # The Hub's names are everyone's.
    private = {name for name in release.PRIVATE if not is_id(str(config["train"].get(name)))}
    config["train"] = {key: value for key, value in config["train"].items() if key not in private}
    if best:
        weights, age = best_measured(run)
        release.pass_file(run, weights.relative_to(run).as_posix(), target / GENERATOR_FILE)
        seconds = config["seconds"] * age["images_seen"] / max(config["images_seen"], 1)
        config |= {**age, "seconds": round(seconds), "discriminator_epoch": config["epoch"]}
    if DISCRIMINATOR_FILE in names:
        release.pass_file(run, DISCRIMINATOR_FILE, target / DISCRIMINATOR_FILE)
    write_json(target / CONFIG_FILE, config)

    # Its past, as far as it goes: what came after the chosen weights says nothing of them.
    epoch = config["epoch"]
    history = [line for line in read_history(run) if line["epoch"] <= epoch]
    write_history(target, history)
    last = history[-1].get("iteration", 0) if history else 0
    iterations = [line for line in read_iterations(run) if line["iteration"] < last]
    if iterations:
        write_iterations(target, iterations)
    metrics = [line for line in measurements_of(run, before) if line.get("epoch", 0) <= epoch]
    if metrics:
        write_metrics(target, metrics)
    grids = list_epochs(run, SAMPLES)
    snapshots = list_epochs(run, SNAPSHOTS)
    chosen = [path for number, path in grids.items() if number <= epoch and path.relative_to(run).as_posix() in names]
    chosen += [
        snapshots[number] for number in telling_epochs([number for number in snapshots if number < epoch], epoch)
    ]
    for path in chosen:
        name = path.relative_to(run).as_posix()
        release.pass_file(run, name, target / name)


def same_network(name: str, *folders: Path) -> bool:
    """Return whether the file of this name is in all of the folders, and equal to the byte."""
    files = [folder / name for folder in folders]
    return all(map(Path.is_file, files)) and len(set(map(weights_digest, files))) == 1


def keep_insight(before: Path, target: Path) -> None:
    """Copy what tells of the training pictures from an earlier state of a checkpoint whose networks are the same."""
    if not all(same_network(name, before, target) for name in (GENERATOR_FILE, DISCRIMINATOR_FILE)):
        return
    for name in (NEIGHBOURS_FILE, OPINION_FILE, PICTURES_FILE):
        if (before / name).is_file() and not (before / name).is_symlink():
            shutil.copy(before / name, target / name)


def write_insight(run: Path, target: Path) -> None:
    """Write what the pictures of a run tell of its generator, where they are; else say how that is done later."""
    described = read_described(run)
    train = described.get("train")
    data = str(train.get("data") or "") if isinstance(train, dict) else ""
    if task_of(described) != "generate" or not (target / DISCRIMINATOR_FILE).is_file():
        return
    try:
        side = described["generator"]["image_size"]
        pictures = record.training_pictures(target, locate(learned_from(described), data), side)
        record.write_neighbours(target, pictures.images)
        record.write_whereabouts(target, pictures)
        record.write_opinion(target, pictures.images)
    except (UserError, KeyError, TypeError) as error:
        reason = error if isinstance(error, UserError) else f"{run} does not say where its pictures are"
        print(
            f"{reason}: so nothing tells of copies and of the critic's opinion yet; later, "
            "python -m gan.evaluate CHECKPOINT --neighbours --opinion --data ZIP",
            file=sys.stderr,
        )


def measurements_of(run: Path, before: Path | None) -> list[dict[str, Any]]:
    """Return the measurements of a run, and those that were made of an earlier state of it."""
    lines = read_metrics(run)
    return lines + [line for line in (read_metrics(before) if before else ()) if line not in lines]


def best_measured(run: Path) -> tuple[Path, dict[str, int]]:
    """Return the weights file of the run with the lowest KID in its metrics.jsonl, and its epoch and images_seen.

    Raises UserError where its files were not all measured in the same way. Of several ways that of most pictures
    counts, of several measurements of a file the last.
    """
    files = {weights_digest(file): file for file in (*list_epochs(run, SNAPSHOTS).values(), run / GENERATOR_FILE)}
    of_these = [line for line in read_metrics(run) if line.get("weights") in files and line.keys() >= AGE]
    ways = [{line["weights"]: line for line in lines} for lines in same_protocol(of_these)]
    whole = [way for way in ways if len(way) == len(files)]
    if not whole:
        most = max(map(len, ways), default=0)
        raise UserError(
            f"{run}: of its {len(files)} generators {most} are measured in the same way; "
            f"python -m gan.evaluate {quoted(run)} --snapshots --data ZIP measures all of them"
        )
    lines = max((list(way.values()) for way in whole), key=lambda lines: lines[0]["generated"])
    best = min(lines, key=lambda line: line["kid_train"])
    return files[best["weights"]], {key: best[key] for key in AGE}


def telling_epochs(earlier: list[int], last: int) -> list[int]:
    """Choose the earlier snapshots that show most of the way: the first, and the one nearest a quarter of it."""
    chosen = {min(earlier, key=lambda epoch: abs(epoch - goal)) for goal in (1, last / 4)} if earlier else set()
    return sorted(chosen)[:PUBLISHED_SNAPSHOTS]


def import_weights(source: Path, judge: str | Path, target: Path) -> None:
    """Write the networks of files from elsewhere as a checkpoint; `judge` is the discriminator's, "" for none."""
    load = load_generator if source.suffix == ".safetensors" else import_tutorial_weights
    generator = load(source)
    save_network(target / GENERATOR_FILE, generator)
    described: dict[str, Any] = {"generator": generator.arguments()}
    if judge:
        lone = Path(judge).suffix == ".safetensors"
        discriminator = (load_discriminator if lone else import_tutorial_discriminator)(judge)
        sizes = [(network.base_channels, network.image_size) for network in (generator, discriminator)]
        if sizes[0] != sizes[1]:
            raise UserError(f"{judge}: is not of the size of {source}; the two did not train together")
        save_network(target / DISCRIMINATOR_FILE, discriminator)
        described["discriminator"] = discriminator.arguments()
    write_json(target / CONFIG_FILE, described)
