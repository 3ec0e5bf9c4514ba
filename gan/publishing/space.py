"""The demo with models in it, as the folder of a Gradio Space that runs on its own."""

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from gan.errors import UserError
from gan.files import read_json, write_json
from gan.hub.ids import is_id, parse_id
from gan.hub.uploading import push
from gan.publishing import ROOT
from gan.publishing.credits import credits_for, credits_of, hub_license
from gan.scratch import Scratch, names_in, require_empty, whole
from gan.words import counted

SPACE_FILES = ("app.py", "requirements.txt", "LICENSE")
SPACE_OWNED = re.compile(r"(app\.py|requirements\.txt|LICENSE|README\.md|(gan|checkpoints)/.+)")
# What torch becomes in the Space's requirements: the CPU's build, a tenth of the size, or one that ZeroGPU knows.
HARDWARE = {
    "cpu-basic": "--extra-index-url https://download.pytorch.org/whl/cpu\ntorch>=2.10\n",
    "zero-a10g": "torch>=2.10,<2.12\n",
}
SPACE_CARD = """\
---
title: {quoted}
emoji: 🎨
colorFrom: indigo
colorTo: pink
sdk: gradio
sdk_version: {gradio}
python_version: "3.12"
app_file: app.py
{license}short_description: Small GANs to look inside
suggested_hardware: {hardware}
{ids}---

# {title}

{about}The demo of [{repo}](https://huggingface.co/spaces/{repo}): {models}. Each model's card stands in its About
tab. The program, MIT-licensed, is [all here](https://huggingface.co/spaces/{repo}/tree/main).
"""


def write_space(
    out: str | Path,
    hub_id: str,
    checkpoints: Sequence[str | Path],
    hardware: str = "cpu-basic",
    credits: Mapping[str, str] | None = None,
) -> list[str]:
    """Write a complete Gradio Space into a new or empty folder; return its files' names.

    `checkpoints` are folders or Hub ids, whose published files are copied; `hardware` is one of HARDWARE. The `credits`
    are the Space's; of a single generator, its own. Raises UserError for what is no checkpoint.
    """
    from gan.checkpoints import read_described, task_of

    out = Path(out)
    require_empty(out)  # before anything is downloaded
    repo, _ = parse_id(hub_id)
    folders = gather(checkpoints)
    described = {name: read_described(folder) for name, (folder, _) in folders.items()}
    generators = {name: config for name, config in described.items() if task_of(config) == "generate"}
    if not generators:
        raise UserError("the demo shows generators of pictures, and none of these models is one; name one beside them")
    ids = [parse_id(str(source))[0] for source in checkpoints if is_id(str(source))]
    told = credits_for(generators.values(), credits)
    inside = dict.fromkeys(generators, credits or {}) if len(generators) == 1 else {}
    with whole(out, "gan-space-") as staged:
        for name, (folder, files) in folders.items():
            _pass_checkpoint(folder, files, staged / "checkpoints" / name, inside.get(name, {}))
        _write_program(staged, hardware)
        card = space_card(repo, described, ids, hardware, told)
        (staged / "README.md").write_text(card, encoding="utf-8")
    return names_in(out)


def gather(checkpoints: Sequence[str | Path]) -> dict[str, tuple[Path, list[str]]]:
    """Return each model's folder and the files that may leave it, by name; raise UserError for what is none."""
    from gan.checkpoints import checkpoint_folder
    from gan.publishing.release import require_checkpoint

    folders: dict[str, tuple[Path, list[str]]] = {}
    for source in checkpoints:
        folder = checkpoint_folder(source).resolve()
        files = require_checkpoint(folder)
        if folder.name in folders:
            raise UserError(f"two models are called {folder.name}; rename one of the folders")
        if not folder.name.isprintable():
            raise UserError(f"{folder}: has a name that cannot be shown; rename the folder")
        folders[folder.name] = folder, files
    return folders


def _pass_checkpoint(folder: Path, files: list[str], target: Path, credits: Mapping[str, str]) -> None:
    """Put a model into the Space, with these credits, and a card wherever its config.json says enough for one."""
    from gan.checkpoints import CONFIG_FILE
    from gan.publishing import release
    from gan.publishing.card import hand_written, write_card

    for name in files:
        release.pass_file(folder, name, target / name)
    with suppress(UserError):
        if credits:
            write_json(target / CONFIG_FILE, {**read_json(target / CONFIG_FILE), **credits})
        write_card(target, hand_written(folder))


def _write_program(space: Path, hardware: str) -> None:
    """Write the app and its requirements."""
    from gan.publishing import release

    names = [path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "gan").rglob("*"))]
    for name in (*SPACE_FILES, *(name for name in names if name.endswith((".py", ".js", ".css")))):
        (space / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(release.own_file(ROOT, name), space / name)
    requirements = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    chosen = requirements.replace("torch>=2.10\n", HARDWARE[hardware])
    (space / "requirements.txt").write_text(chosen, encoding="utf-8")


def space_card(
    repo: str, models: Mapping[str, dict[str, Any]], ids: Sequence[str], hardware: str, credits: Mapping[str, str]
) -> str:
    """Return the Space's own card; `models` are their config.json by name, `ids` those of them on the Hub."""
    import yaml

    from gan.publishing.markdown import introduction, plain

    requirements = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    title = credits.get("title") or repo.split("/")[1]
    told = [
        plain(f"{name} ({own})" if (own := credits_of(config).get("title")) else name)
        for name, config in models.items()
    ]
    return SPACE_CARD.format(
        title=plain(title),
        quoted=json.dumps(title, ensure_ascii=False),
        gradio=re.findall(r"^gradio==(\S+)", requirements, re.MULTILINE)[0],
        license=yaml.safe_dump(hub_license(credits.get("license", "mit")), sort_keys=False),
        hardware=hardware,
        ids=f"models: {json.dumps(ids)}\n" if ids else "",
        about=introduction(credits),
        repo=repo,
        models=", ".join(told),
    )


def publish_space(
    hub_id: str,
    checkpoints: Sequence[str | Path],
    hardware: str,
    private: bool = False,
    credits: Mapping[str, str] | None = None,
) -> str:
    """Build a Space and push it; return the commit's id."""
    with Scratch("gan-space-") as place:
        files = write_space(place / "space", hub_id, checkpoints, hardware, credits)
        return push(
            place / "space",
            hub_id,
            files=files,
            owned=SPACE_OWNED,
            message=f"Publish the demo with {counted(len(checkpoints), 'model')}",
            private=private,
            space=hardware,
        )
