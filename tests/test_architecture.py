"""Who may import whom: entry points -> training, ui -> data, checkpoints, records, card -> leaves."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FLOORS = (
    {"app", "train", "gan.promote", "gan.evaluate", "gan.publish"},
    {"gan.training", "gan.ui", "gan.flags"},
    {"gan.watch"},
    {"gan.run"},
    {"gan.misfit"},
    {"gan.data", "gan.checkpoints", "gan.records", "gan.card", "gan.gate", "gan.step", "gan.sizing"},
    {"gan.weights"},
    {
        "gan.config",
        "gan.models",
        "gan.losses",
        "gan.augment",
        "gan.images",
        "gan.latent",
        "gan.ema",
        "gan.device",
        "gan.metrics",
        "gan.guard",
        "gan.hub",
        "gan.scratch",
        "gan.pace",
        "gan.download",
    },
    {"gan.sources"},
    {"gan.files", "gan.distributed", "gan.pictures", "gan.installed"},
    {"gan.errors", "gan.console", "gan"},
)
# Modules of one floor that may know each other: the card tells what the folder's other files hold, the gate checks it.
# A run that is pushed while it trains is made a checkpoint first.
SIDEWAYS = {
    ("gan.card", "gan.checkpoints"),
    ("gan.card", "gan.records"),
    ("gan.gate", "gan.card"),
    ("gan.gate", "gan.checkpoints"),
    ("gan.gate", "gan.records"),
    ("gan.publish", "gan.promote"),
    ("train", "gan.publish"),
}
FORBIDDEN_TO_THE_APP = tuple(
    f"gan.{name}" for name in ("training", "watch", "run", "step", "losses", "augment", "data", "distributed")
)


def modules() -> dict[str, Path]:
    files = [*ROOT.glob("*.py"), *(ROOT / "gan").rglob("*.py")]
    return {
        str(file.relative_to(ROOT).with_suffix("")).replace("/", ".").removesuffix(".__init__"): file for file in files
    }


def imports(file: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def ours(file: Path) -> set[str]:
    known = modules()
    return {name for name in imports(file) if name in known} - {"gan"}


def room(module: str) -> str:
    return "gan.ui" if module.startswith("gan.ui") else module


def floor(module: str) -> int:
    return next(number for number, rooms in enumerate(FLOORS) if room(module) in rooms)


@pytest.mark.parametrize("module", modules())
def test_every_module_has_a_floor_and_imports_only_from_below(module: str):
    for other in ours(modules()[module]):
        below = floor(other) > floor(module)
        beside = room(other) == room(module) or (module, other) in SIDEWAYS
        assert below or beside, f"{module} imports {other}"


@pytest.mark.parametrize("module", modules())
def test_libraries_stay_in_their_rooms(module: str):
    names = {name.split(".")[0] for name in imports(modules()[module])}
    assert "gradio" not in names or module == "app" or room(module) == "gan.ui"
    assert "huggingface_hub" not in names or module == "gan.hub"
    assert "kagglehub" not in names or module == "gan.download"
    assert "argparse" not in names or floor(module) == 0


def test_the_app_knows_nothing_of_training():
    known, seen, queue = modules(), set(), ["app", *[name for name in modules() if room(name) == "gan.ui"]]
    while queue:
        module = queue.pop()
        if module not in seen:
            seen.add(module)
            queue += ours(known[module])
    assert not seen & set(FORBIDDEN_TO_THE_APP)


def test_no_room_is_without_a_name_of_its_own():
    assert not {"utils", "util", "common", "misc", "helpers"} & {name.split(".")[-1] for name in modules()}
