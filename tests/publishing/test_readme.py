"""The README's own figures and code: those of the bundled models, and code that runs."""

import json
import re

import pytest
from conftest import ROOT

from gan.checkpoints import weights_digest
from gan.folder import read_metrics

README = (ROOT / "README.md").read_text(encoding="utf-8")


def row_of(name):
    """Return what the table of results says of a bundled model: pictures seen, FID10k, KID, precision ..."""
    (line,) = [line for line in README.splitlines() if re.match(rf"\| `{name}` \| [\d,]+ \(", line)]
    return [cell.strip() for cell in line.split("|")[2:-1]]


@pytest.mark.parametrize("name", ["pokemon", "anime"])
def test_the_table_of_results_is_what_was_measured_of_the_bundled_models(name):
    folder = ROOT / "checkpoints" / name
    config = json.loads((folder / "config.json").read_text())
    weights = weights_digest(folder / "model.safetensors")
    measured = next(line for line in read_metrics(folder) if (line["weights"], line["generated"]) == (weights, 10_000))
    seen, fid, kid, precision, recall, novelty, _ = row_of(name)
    assert seen.split()[0] == f"{config['images_before'] + config['images_seen']:,}"
    assert (fid, kid) == (
        f"{measured['fid10k_train']:.1f}",
        f"{measured['kid_train']:.1f} ± {measured['kid_standard_error']:.1f}",
    )
    assert (precision, recall) == (f"{measured['precision']:.3f}", f"{measured['recall']:.3f}")
    assert novelty == f"{measured['novelty']:.2f}"


def test_the_code_that_draws_runs_as_it_stands(monkeypatch, tmp_path):
    code = README.split("```python\n")[1].split("```")[0]
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr("PIL.Image.Image.save", lambda image, path, **more: saved.append((image.size, path)))
    saved = []
    exec(compile(code, "README.md", "exec"), {})
    assert saved
