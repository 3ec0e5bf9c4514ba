"""Checkpoint folders -> the files of a static page that draws with them in the visitor's own browser."""

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from gan.checkpoints import GENERATOR_FILE, read_described, weights_digest
from gan.files import clear_parts, write_atomically
from gan.folder import SAMPLES, list_epochs
from gan.publishing import release
from gan.publishing.credits import hub_license, near_copies
from gan.publishing.markdown import introduction, plain
from gan.scratch import Scratch, names_in
from gan.told import title_of
from gan.web.facts import facts_of

STATIC = Path(__file__).parent / "static"
INDEX, SCRIPT, STYLE, SERVICE = "index.html", "start.js", "page.css", "service.js"
PROGRAM = re.compile(rf'<script type="module" src="{SCRIPT}"[^>]*></script>')
DEMO = Path(__file__).parents[1] / "ui"  # whose instrument this is: these modules and styles are the demo's own
SHARED = ("curves", "files", "numbers", "page", "pixels", "player", "sharper", "sheet", "stage", "storage")
MODULES = tuple(f"{name}.js" for name in SHARED)
STYLES = ("curves.css", "explore.css", "player.css", "sheet.css", "stage.css")
SITE_FILE, MODEL_FILE = "site.json", "page.json"  # which models there are; what the page needs to know of one
OWNED = re.compile(r"README\.md|[a-z]+\.(html|js|css|json)|models/.+")  # of a page's repository
MOST_BYTES = 12_000_000  # a model's part of a page; grids make room where it would be more
FOLDER_NAME = re.compile(r"\w[\w.-]*", re.ASCII)
CARD = """\
---
title: {quoted}
emoji: 🎨
colorFrom: indigo
colorTo: pink
sdk: static
app_file: index.html
{license}short_description: A small GAN that draws in your own browser
---

# {title}

{words}{models}, drawn in the visitor's own browser: plain files, no server, off line after the first visit. In a copy
of this repository: `python -m http.server`.
"""


def write_page(
    out: Path, credits: Mapping[str, str], models: Mapping[str, tuple[Path, list[str]]], single_file: bool = False
) -> None:
    """Write the page into a folder: index.html and what it asks for, or with `single_file` index.html with all in it.

    `credits` are the page's, a title among them; `models` maps a model's name to its folder and the files that may
    leave it. Raises UserError for what cannot be passed on.
    """
    title = credits["title"]
    if single_file:
        with Scratch("gan-page-") as place:
            page = _in_one_file(place, _write_data(place, title, models, MOST_BYTES * 3 / 4))  # base64 takes the rest
        write_atomically(out / INDEX, page.encode())
    else:
        data = _write_data(out, title, models, MOST_BYTES)
        program = [name for name in _program() if name != SERVICE]
        for name in program:
            write_atomically(out / name, _text(name).encode())
        version = f'const VERSION = "{_digest(out, [*program, *data])}";\n'
        write_atomically(out / SERVICE, (version + _text(SERVICE)).encode())
    write_atomically(out / "README.md", _card(credits, models).encode())


def _card(credits: Mapping[str, str], models: Mapping[str, tuple[Path, list[str]]]) -> str:
    """Return the page's own card."""
    import yaml

    warnings = filter(None, (near_copies(read_described(folder)) for folder, _ in models.values()))
    return CARD.format(
        title=plain(credits["title"]),
        quoted=json.dumps(credits["title"], ensure_ascii=False),
        license=yaml.safe_dump(hub_license(credits.get("license", "mit")), sort_keys=False),
        words=introduction(credits) + "".join(f"{warning}\n\n" for warning in warnings),
        models=", ".join(map(plain, models)),
    )


def _program() -> list[str]:
    own = [path.name for path in STATIC.iterdir() if path.suffix in (".html", ".css", ".js")]
    return sorted([*own, *MODULES])


def _text(name: str) -> str:
    """Return a file of the program: a module of the demo's, or one of the page's own; the style is both in one."""
    own = (DEMO / "static" if name in MODULES else STATIC) / name
    shared = [DEMO / "styles" / style for style in STYLES] if name == STYLE else []
    return "".join(path.read_text(encoding="utf-8") for path in [*shared, own])


def _write_data(out: Path, title: str, models: Mapping[str, tuple[Path, list[str]]], most: float) -> list[str]:
    """Write what the page reads, of each model at most `most` bytes if that can be; return the files' names."""
    listed = []
    for number, (name, (folder, files)) in enumerate(models.items(), 1):
        is_plain = FOLDER_NAME.fullmatch(name)  # the same in any address and on any disk
        place = f"models/{name if is_plain else number}"
        _write_model(out / place, name, folder, files, most)
        digest = weights_digest(out / place / GENERATOR_FILE)
        listed.append(
            {"name": name, "title": title_of(read_described(folder), name), "folder": place, "weights": digest}
        )
    data = sorted(f"{one['folder']}/{file}" for one in listed for file in names_in(out / one["folder"]))
    _write_json(out / SITE_FILE, {"title": title, "models": listed, "files": [*_program(), SITE_FILE, *data]})
    return [SITE_FILE, *data]


def _digest(folder: Path, names: Iterable[str]) -> str:
    """Return 16 hexadecimal digits that are others where any of the files is."""
    known = hashlib.sha256()
    for name in names:
        known.update(name.encode() + hashlib.sha256((folder / name).read_bytes()).digest())
    return known.hexdigest()[:16]


def _write_model(target: Path, name: str, folder: Path, files: list[str], most: float) -> None:
    """Write a model's part of the page: the weights as they are, grids, and what the page needs to know."""
    clear_parts(target)  # of a page whose writing was broken off
    for file in files:
        if file == GENERATOR_FILE or file.startswith(f"{SAMPLES}/"):
            release.pass_file(folder, file, target / file)
    facts = facts_of(name, target, folder)
    _thin(target, most - len(json.dumps(facts)))
    _write_json(target / MODEL_FILE, facts | {"epochs": list(list_epochs(target, SAMPLES))})


def _thin(target: Path, most: float) -> None:
    """Delete every other sample grid, never the last, until the model's files have `most` bytes or no grid is left."""
    while sum(path.stat().st_size for path in target.rglob("*") if path.is_file()) > most:
        grids = list(list_epochs(target, SAMPLES).values())[::-1]
        if not grids:
            return
        for grid in grids[1::2] or grids:
            grid.unlink()


def _in_one_file(folder: Path, data: Iterable[str]) -> str:
    """Return index.html with its style, its modules and the named files of the folder in it.

    Modules have data: addresses, and know each other by names that an import map leads there. A worker has no such map:
    what it needs is in its own address.
    """

    def within(text: str) -> str:
        return re.sub(r'"\./(\w+\.js)"', lambda found: f'"{_address(within(_text(found[1])))}"', text)

    scripts = [name for name in _program() if name.endswith(".js")]
    modules = {name: _address(within(_text(name).replace('from "./', 'from "'))) for name in scripts}
    content = {name: base64.b64encode((folder / name).read_bytes()).decode() for name in data}
    files = "".join(f'<script type="text/plain" id="file:{name}">{text}</script>\n' for name, text in content.items())
    importing = (
        f'<script type="importmap">{json.dumps({"imports": modules})}</script>\n'
        f'<script type="module">import "{SCRIPT}";</script>'
    )
    page = _text(INDEX).replace(f'<link rel="stylesheet" href="{STYLE}">', f"<style>\n{_text(STYLE)}</style>")
    return PROGRAM.sub(lambda _: f"{files}{importing}", page)


def _address(module: str) -> str:
    return f"data:text/javascript;base64,{base64.b64encode(module.encode()).decode()}"


def _write_json(path: Path, content: dict[str, Any]) -> None:
    write_atomically(path, json.dumps(content, allow_nan=False).encode())
