"""The model card (README.md) of a checkpoint folder, written from the folder's own files; nothing typed by hand.

The folder may be a stranger's. So its words stand in the card as words: Markdown and HTML among them are written out.
"""

import os
import re
import shlex
from importlib import import_module
from pathlib import Path
from typing import Any

from gan.checkpoints import CONFIG_FILE, GENERATOR_FILE, images_before_run, images_seen, task_of
from gan.config import IMAGE_SIZES, RANGES
from gan.data.datasets import DATASETS, kaggle_page
from gan.errors import UserError
from gan.files import read_json, write_atomically
from gan.folder import (
    NEIGHBOURS_FILE,
    OPINION_FILE,
    SAMPLES,
    is_figure,
    list_epochs,
    read_history,
)
from gan.hub.contents import CARD, MAX_TEXT_BYTES
from gan.hub.ids import HUB_ID
from gan.models import widths_of
from gan.publishing.card_words import PLAIN_TORCH, WORDS, Words
from gan.publishing.credits import credits_of, hub_license, near_copies
from gan.publishing.markdown import in_code, paragraphs, plain, python_string
from gan.publishing.measured import figures, measurements, model_index_entry
from gan.publishing.provenance import author_of, learned_before, owner_of
from gan.publishing.retraining import retraining_command
from gan.tasks import TASKS

CARD_FILE = CARD
# The sections that are written here; any other in a card is a person's own.
HEADINGS = {"About", "Use", "Training", "Measured", "Data", "Looking deeper", "Limits", "Licence"}
FENCE = re.compile(r" {0,3}(`{3,}(?=[^`]*$)|~{3,})")  # begins or ends lines of code
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
# Of a line of history: what every task has; the others are its terms.
COMMON = {"epoch", "images_seen", "images_per_second", "loss_d", "loss_g", "d_real", "d_fake_before", "d_fake_after"}
COMMON |= {"iteration", "lr", "beta1", "event"}
RECONSTRUCTED = "half reduced, half a generator's own reconstructions"


def card_text(folder: Path, hub_id: str = "", own_words: str = "") -> str:
    """Return the model card of a checkpoint folder, front matter and all; `hub_id` is where it is going, if anywhere.

    `own_words` are sections that a person wrote, as `own_sections` returns them. A config.json that is missing or
    damaged, or does not say what a card needs, raises UserError.
    """
    try:
        written = front_matter(folder, hub_id) + "\n" + card_body(folder, hub_id)
        return f"{written}\n{own_words}\n" if own_words else written
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise UserError(f"{folder / CONFIG_FILE}: does not say what a card needs ({error!r})") from error


def write_card(folder: Path, own_words: str | None = None) -> None:
    """Write the card into its folder, with the sections that a person wrote: those in the card that is there, or these.

    Raises UserError as `card_text` and `hand_written` do.
    """
    own_words = hand_written(folder) if own_words is None else own_words
    write_atomically(folder / CARD_FILE, card_text(folder, own_words=own_words).encode())


def hand_written(folder: Path) -> str:
    """Return the sections of the card in a folder that a person wrote; "" where there are none, or it is a link."""
    path = folder / CARD_FILE
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > MAX_TEXT_BYTES:
            return ""
        return own_sections(path.read_text(encoding="utf-8", errors="replace"))
    except OSError as error:
        raise UserError(
            f"{path}: cannot be read ({error.strerror}), so that what is written there would be lost"
        ) from error


def own_sections(*cards: str) -> str:
    """Return the sections (## ...) of cards that are not written here, as they are; of one heading, the first."""
    texts = [CONTROLS.sub("", card.replace("\r\n", "\n")) for card in cards]
    sections: dict[str, str] = {}
    for section in (part for text in texts for part in _split(text)):
        sections.setdefault(section.partition("\n")[0][3:].strip(), section.strip())
    return "\n\n".join(text for heading, text in sections.items() if heading not in HEADINGS)


def _split(text: str) -> list[str]:
    """Return the sections of Markdown, each with its heading; a line of code that begins with ## is no heading."""
    sections, fence = [[""]], ""
    for line in text.splitlines(keepends=True):
        marks = FENCE.match(line)
        if marks and not fence:
            fence = marks[1]
        elif marks and marks[1].startswith(fence) and not line.strip().strip(fence[0]):
            fence = ""
        if line.startswith("## ") and not fence:
            sections.append([])
        sections[-1].append(line)
    return ["".join(lines) for lines in sections[1:]]


def card_body(folder: Path, hub_id: str = "") -> str:
    """Return the card for people, without its front matter; a missing or damaged config.json raises UserError."""
    config = read_json(folder / CONFIG_FILE)
    source = hub_id or f"checkpoints/{_name(folder)}"
    told = credits_of(config)
    sections = [f"# {plain(told.get('title') or _name(folder, hub_id))}", _in_gaps(_words(config).what, config)]
    sections += [f"By {plain(told['author'])}."] if "author" in told else []
    sections += [*_pictures(folder, config)]
    sections += [f"## About\n\n{paragraphs(told['about'])}"] if "about" in told else []
    sections += [_use(source, config)]
    if "train" in config:
        sections += [_training(folder, config), *_measured(folder, config), _data(config), *_kept(folder)]
    else:  # weights from elsewhere
        sections += _measured(folder, config)
    sections += [_limits(config), _licence(config)]
    return "\n\n".join(sections) + "\n"


def _name(folder: Path, hub_id: str = "") -> str:
    return hub_id.partition("/")[2] or os.path.basename(os.path.abspath(folder))  # of "." the folder's, too


def front_matter(folder: Path, hub_id: str = "") -> str:
    """Return what the Hub reads of the card: data set, licence, and every measurement of the weights."""
    import yaml

    config = read_json(folder / CONFIG_FILE)
    name, words = config.get("data", {}).get("name"), _words(config)
    values: dict[str, Any] = {
        "library_name": "pytorch",
        "pipeline_tag": words.pipeline,
        **hub_license(credits_of(config).get("license", "for play and study")),
        "tags": list(words.tags),
    }
    known = DATASETS.get(name, DATASETS["folder"])
    dataset = f"{name} (Kaggle {known.slug})" if known.slug else known.source
    results = [model_index_entry(line, dataset, words.pipeline) for line in measurements(folder)]
    if results:
        values["model-index"] = [{"name": _name(folder, hub_id), "results": results}]
    return f"---\n{yaml.safe_dump(values, sort_keys=False, allow_unicode=True)}---\n"


def _words(config: dict[str, Any]) -> Words:
    return WORDS[task_of(config)]


def _in_gaps(text: str, config: dict[str, Any], **more: str) -> str:
    """Return the text with the network's arguments in its gaps."""
    return text.format_map({name: plain(value) for name, value in config["generator"].items()} | more)


def _pictures(folder: Path, config: dict[str, Any]) -> list[str]:
    grids = list(list_epochs(folder, SAMPLES).items())
    if not grids:
        return []
    epoch, path = grids[-1]
    return [f"![{_words(config).grid.format(epoch=epoch)}]({SAMPLES}/{path.name})"]


def _use(source: str, config: dict[str, Any]) -> str:
    shell, literal = in_code(shlex.quote(source)), python_string(source)
    return "## Use\n\n" + _words(config).use.format(shell=shell, source=literal) + _plain_torch(source, config)


def _plain_torch(source: str, config: dict[str, Any]) -> str:
    """Return how the weights are used without this code, "" of what is no generator or of sizes that none has."""
    sizes = config["generator"]
    lengths = [sizes.get(name) for name in ("z_dim", "base_channels", "image_size")]
    if task_of(config) != "generate" or sizes.get("image_size") not in IMAGE_SIZES:
        return ""
    if any(type(length) is not int or not 0 < length <= RANGES["z_dim"][1] for length in lengths):
        return ""
    z_dim, base_channels, image_size = lengths
    widths = widths_of(base_channels, image_size)[::-1]
    file, fetch = python_string(f"{source}/{GENERATOR_FILE}"), ""
    if HUB_ID.fullmatch(source) and not source.startswith("checkpoints/"):
        file = f"hf_hub_download({python_string(source)}, {python_string(GENERATOR_FILE)})"
        fetch = "from huggingface_hub import hf_hub_download\n"
    return PLAIN_TORCH.format(z_dim=z_dim, widths=widths, image_size=image_size, file=file, fetch=fetch)


def _training(folder: Path, config: dict[str, Any]) -> str:
    train = config["train"]
    before = images_before_run(config)
    earlier = f", {before:,} of them before this run" if before else ""
    rows = {
        "recipe": plain(train["recipe"]),
        "pictures seen": f"{images_seen(config):,}{earlier}",
        "epochs": plain(config["epoch"]),
        "loss": plain(train["loss"]),
        "batch size": plain(train["batch_size"]),
        "stages (epochs, lr, beta1)": "; ".join(
            f"{plain(stage['epochs'] or 'all')}, {stage['lr']:g}, {stage['beta1']:g}" for stage in train["stages"]
        ),
        "augmentation": plain(train["augment"] or "none"),
        "EMA half-life in pictures": plain(train["ema_half_life_images"] or "no EMA"),
        **({"small pictures": RECONSTRUCTED} if "reconstructions" in config["data"] else {}),
        "hardware": f"{plain(config['hardware'])}, {plain(config['precision'])}",
        "hours": f"{config['seconds'] / 3600:.2f}",
    }
    if "discriminator_epoch" in config:
        rows["discriminator"] = f"of epoch {plain(config['discriminator_epoch'])}, the end of the run"
    history = read_history(folder)
    if history:
        last = history[-1]
        rows["last epoch"] = (
            f"Loss_D {last['loss_d']:.3f}, Loss_G {last['loss_g']:.3f}, D(x) {last['d_real']:.3f}, "
            f"D(G(z)) {last['d_fake_before']:.3f} / {last['d_fake_after']:.3f}"
        )
        terms = {name: value for name, value in last.items() if name not in COMMON and is_figure(value)}
        if terms:
            rows["its terms"] = ", ".join(f"{plain(name)} {value:.3f}" for name, value in terms.items())
    table = "\n".join(f"| {name} | {value} |" for name, value in rows.items())
    again = f"\n\n```sh\n{command}\n```" if (command := retraining_command(train, before)) else ""
    return f"## Training\n\n| what | value |\n|---|---|\n{table}{again}"


def _measured(folder: Path, config: dict[str, Any]) -> list[str]:
    tables = []
    for line in measurements(folder):
        rows = "\n".join(f"| {plain(name)} | {plain(value)} |" for name, value in figures(line).items())
        protocol = f"Features: {plain(line['extractor'])}. Pictures: {plain(line['resize'])}."
        tables.append(f"| what | value |\n|---|---|\n{rows}\n\n{protocol}")
    return ["## Measured", import_module(TASKS[task_of(config)].metrics).EXPLAINED, *tables] if tables else []


def _data(config: dict[str, Any]) -> str:
    data = config["data"]
    known = DATASETS.get(data["name"], DATASETS["folder"])
    used, kept = data["pictures"], data.get("held_out", 0)
    source = (
        f"[{known.source}]({kaggle_page(known.slug)})" if known.slug else f"{known.source}, {used + kept:,} of them"
    )
    owner = f"{plain(owner_of(config))}."
    here = " in this run" if config.get("images_before") else ""
    times = f"Each of the {used:,} trained on was seen about {config['images_seen'] / used:,.0f} times{here}. "
    apart = f"{kept:,} of them were kept from training, to be measured on. " if kept else ""
    fingerprint = f"Fingerprint of the {used + kept:,} pictures used: `{in_code(data['fingerprint'])}`."
    return f"## Data\n\nTrained on {source}. {owner} {times}{apart}None of them is in this folder. {fingerprint}"


def _licence(config: dict[str, Any]) -> str:
    """Return whose the weights are, and what one may do with them."""
    told = credits_of(config)
    code = "## Licence\n\nThe code that made it is MIT-licensed."
    if "license" in told:
        before = " Under Data stands whose pictures came before." if learned_before(config) else ""
        return f"{code} The weights, and what they draw: {plain(told['license'])}.{before}"
    if author := author_of(config):
        whose = f"The weights learned from pictures by {plain(author)}"
    else:
        whose = "The weights learned from pictures that belong to others"
    return f"{code} {whose}: use them, and what they draw, to play and to study."


def _kept(folder: Path) -> list[str]:
    """Say what the files are that tell of the training pictures without showing any."""
    told = [words for name, words in KEPT.items() if (folder / name).is_file()]
    return ["## Looking deeper", *told] if told else []


KEPT = {
    NEIGHBOURS_FILE: f"`{NEIGHBOURS_FILE}` has some numbers for each training picture, at most 64 of a byte each, and "
    "as many for its mirror image: a digest of what the discriminator's last maps say of its four quarters. No picture "
    "can be rebuilt from them; they tell whether a generated picture is nearer to a training picture than real ones "
    "are to each other.",
    OPINION_FILE: f"`{OPINION_FILE}` counts how the discriminator judged 1,000 generated pictures and 1,000 real ones, "
    "or all there are. A picture's rank among them is no percentage of being real. Where that was measured, it also "
    "says how near the generator comes to 100 real pictures, so that one which lies outside its world can be told so.",
}


def _limits(config: dict[str, Any]) -> str:
    copies = near_copies(config)
    return f"## Limits\n\n{_in_gaps(_words(config).limits, config)}" + (f" {copies}" if copies else "")
