"""Whether the packages that requirements.txt asks for are installed, said before the first of them is imported."""

import re
from importlib import metadata
from pathlib import Path

from gan.errors import UserError

REQUIREMENTS = Path(__file__).resolve().parents[2] / "requirements.txt"
LINE = re.compile(r"([\w-]+)[=>]=([\d.]+)", re.ASCII)  # a pinned version is asked for as the lowest: later ones may do


def check_installed(requirements: Path = REQUIREMENTS) -> None:
    """Raise UserError that names what is missing or too old; a package without requirements.txt asks for nothing."""
    lines = requirements.read_text(encoding="utf-8").splitlines() if requirements.is_file() else []
    wanted = [found.groups() for found in map(LINE.match, lines) if found]
    problems = [problem for name, lowest in wanted if (problem := _problem(name, lowest))]
    if problems:
        raise UserError(
            f"not installed, or too old: {', '.join(problems)}. "
            "Install what the README begins with: pip install -r requirements.txt"
        )


def _problem(name: str, lowest: str) -> str:
    """Return the name of a package that is missing, and the versions of one that is too old; "" where all is well."""
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        return name
    return f"{name} {version} (at least {lowest})" if _numbers(version) < _numbers(lowest) else ""


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version.partition("+")[0])]
