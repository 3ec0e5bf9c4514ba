"""Who may import whom: entry points -> publishing, training, ui -> data, insight, checkpoints, folder -> leaves."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FLOORS = (
    {
        *("app", "train", "gan.promote", "gan.evaluate", "gan.publish"),
        *("gan.translation.colorize", "gan.insight.reconstruct"),
    },
    {"gan.publishing.pushing"},
    {"gan.publishing.promotion", "gan.publishing.model"},
    {"gan.publishing.staging", "gan.publishing.joining"},
    {"gan.publishing.replacing", "gan.terminal.smoke"},
    {"gan.training.loop", "gan.ui", "gan.flags", "gan.publishing.page", "gan.training.vacant", "gan.publishing.onnx"},
    {"gan.publishing.space", "gan.web.site"},
    {"gan.web.facts"},
    {"gan.told"},
    {"gan.training.guard", "gan.training.opening", "gan.training.progress"},
    {"gan.training.record"},
    {"gan.training.run", "gan.translation.coloring_exam", "gan.translation.enlarging_exam"},
    {
        "gan.training.misfit",
        "gan.training.iterations",
        "gan.training.generate",
        "gan.translation.coloring",
        "gan.translation.enlarging",
        "gan.generated",
    },
    {"gan.exam", "gan.insight.record", "gan.chart", "gan.translation.task"},
    {"gan.insight.kept", "gan.insight.whereabouts", "gan.publishing.release", "gan.layers"},
    {"gan.publishing.card"},
    {"gan.publishing.measured", "gan.publishing.retraining"},
    {
        "gan.translation.coloring_metrics",
        "gan.translation.enlarging_metrics",
        "gan.data.scan",
        "gan.checkpoints",
        "gan.folder",
        "gan.training.trainer",
        "gan.training.batches",
        "gan.data.sizing",
    },
    {
        *("gan.insight.projection", "gan.insight.neighbours", "gan.insight.opinion", "gan.insight.reconstructions"),
    },
    {
        "gan.weights",
        "gan.insight.critic",
        "gan.training.task",
        "gan.translation.pairs",
        "gan.translation.reductions",
        "gan.translation.apply",
        "gan.translation.measures",
    },
    {"gan.translation.dabs"},
    {"gan.translation.inputs"},
    {
        "gan.config",
        "gan.models",
        "gan.training.objective",
        "gan.training.augment",
        "gan.images",
        "gan.latent",
        "gan.training.ema",
        "gan.training.perception",
        "gan.training.device",
        "gan.metrics",
        "gan.training.signs",
        "gan.hub.fetching",
        "gan.hub.uploading",
        "gan.scratch",
        "gan.training.pace",
        "gan.data.download",
        "gan.data.holdout",
        "gan.translation.networks",
        "gan.translation.lines",
        "gan.translation.framing",
        "gan.translation.hints",
        "gan.translation.baselines",
    },
    {"gan.data.sources", "gan.translation.regions", "gan.hub.client", "gan.hub.contents"},
    {
        "gan.files",
        "gan.training.distributed",
        "gan.data.decode",
        "gan.terminal.installed",
        "gan.training.losses",
        "gan.precision",
        "gan.publishing.provenance",
        "gan.hub.ids",
    },
    {
        *("gan.tasks", "gan.publishing.card_words", "gan.publishing.credits", "gan.publishing.markdown"),
        "gan.terminal.command",
    },
    {
        *("gan", "gan.data", "gan.insight", "gan.publishing", "gan.terminal", "gan.training", "gan.translation"),
        *("gan.hub", "gan.web", "gan.data.datasets"),
        *("gan.terminal.console", "gan.terminal.interrupts", "gan.terminal.stopping"),
        *("gan.translation.paper", "gan.translation.palettes", "gan.errors", "gan.words"),
    },
)
# What computes or writes a run, and what reads pictures. The app may know a loss's row and how long a run takes.
FORBIDDEN_TO_THE_APP = {
    "gan.data.scan",
    "gan.exam",
    "gan.generated",
    "gan.translation.coloring_exam",
    "gan.translation.enlarging_exam",
    "gan.translation.pairs",
    "gan.translation.reductions",
    "gan.translation.coloring",
    "gan.translation.enlarging",
    "gan.translation.task",
    "gan.insight.reconstruct",
    "gan.insight.reconstructions",
    "gan.insight.record",
    *(
        f"gan.training.{name}"
        for name in (
            *("loop", "opening", "progress", "record", "guard", "run", "misfit", "trainer", "objective"),
            *("task", "generate", "iterations", "augment", "batches", "ema", "signs", "device", "distributed"),
            "perception",
        )
    ),
    *(f"gan.publishing.{name}" for name in ("pushing", "promotion", "model", "staging", "joining", "replacing")),
}
# What passes on a checkpoint that may be a stranger's: it knows what a folder holds, and nothing of how it is trained.
GATE = {f"gan.publishing.{name}" for name in ("release", "card", "measured", "retraining")} | {"gan.layers"}


def modules() -> dict[str, Path]:
    files = [*ROOT.glob("*.py"), *(ROOT / "gan").rglob("*.py")]
    return {
        str(file.relative_to(ROOT).with_suffix("")).replace("/", ".").removesuffix(".__init__"): file for file in files
    }


def imports(file: Path) -> set[str]:
    """What a module imports, but for what its `__main__` guard does, which parses and calls where it is run."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    tree.body = [node for node in tree.body if not (isinstance(node, ast.If) and "__main__" in ast.unparse(node.test))]
    found = set()
    for node in ast.walk(tree):
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
        beside = room(other) == room(module)
        assert below or beside, f"{module} imports {other}"


@pytest.mark.parametrize("module", modules())
def test_libraries_stay_in_their_rooms(module: str):
    names = {name.split(".")[0] for name in imports(modules()[module])}
    assert "gradio" not in names or module == "app" or room(module) == "gan.ui"
    assert "huggingface_hub" not in names or module in ("gan.hub.client", "gan.hub.fetching", "gan.hub.uploading")
    assert "torchvision" not in names or module.startswith("gan.translation.")
    assert "kagglehub" not in names or module == "gan.data.download"
    assert "argparse" not in names or floor(module) == 0 or module == "gan.terminal.command"


def reached(start: set[str]) -> set[str]:
    """All modules that these import, and those that they import, and so on."""
    known, seen, queue = modules(), set(), list(start)
    while queue:
        module = queue.pop()
        if module not in seen:
            seen.add(module)
            queue += ours(known[module])
    return seen


def test_the_app_knows_nothing_of_training():
    assert not reached({"app", *(name for name in modules() if room(name) == "gan.ui")}) & FORBIDDEN_TO_THE_APP


def test_the_gate_knows_nothing_of_training():
    assert not reached(GATE) & {"gan.training.trainer", "gan.training.batches", "gan.data.scan", "gan.data.sizing"}


def test_no_room_is_without_a_name_of_its_own():
    assert not {"utils", "util", "common", "misc", "helpers"} & {name.split(".")[-1] for name in modules()}


def test_programs_run_by_hand_find_this_project_from_wherever_they_are_run():
    for program in Path(__file__).with_name("benchmarks").glob("*.py"):
        before, _, ours = program.read_text(encoding="utf-8").partition("\nfrom gan")
        assert not ours or "sys.path" in before, program
