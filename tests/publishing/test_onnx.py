"""ONNX: what is written is checked, and what is missing is named. The exporter's own packages are no requirement."""

import sys
from types import SimpleNamespace

import pytest
import torch
from served import plant

import gan.publishing.onnx
from gan.checkpoints import load_generator
from gan.publish import main


@pytest.fixture
def exporter(monkeypatch, tmp_path):
    """Return a checkpoint, and a function that lets ONNX draw what its generator does, so much brighter."""
    folder = plant(tmp_path / "alpha", 1)
    network = load_generator(folder)

    def brighter(by):
        def run(outputs, inputs):
            with torch.inference_mode():
                return [(network(torch.from_numpy(inputs["z"])) + by).numpy()]

        runtime = SimpleNamespace(InferenceSession=lambda content, providers: SimpleNamespace(run=run))
        monkeypatch.setitem(sys.modules, "onnxruntime", runtime)
        monkeypatch.setattr(gan.publishing.onnx, "_is_installed", lambda name: True)
        monkeypatch.setattr(gan.publishing.onnx, "exported", lambda generator: b"a graph")

    return folder, brighter


def test_a_file_that_draws_the_same_is_written_and_says_how_near(exporter, tmp_path, capsys):
    folder, brighter = exporter
    brighter(2e-5)
    assert main(["onnx", str(folder), str(tmp_path / "alpha.onnx")]) == 0
    assert (tmp_path / "alpha.onnx").read_bytes() == b"a graph"
    assert "at most 2e-05 apart" in capsys.readouterr().out


@pytest.mark.parametrize("by", [1e-3, float("nan")])
def test_a_file_that_draws_something_else_is_not_written(by, exporter, tmp_path, capsys):
    folder, brighter = exporter
    brighter(by)
    assert main(["onnx", str(folder), str(tmp_path / "alpha.onnx")]) == 2
    assert "nothing was written" in capsys.readouterr().err and not (tmp_path / "alpha.onnx").exists()


def test_what_is_missing_is_named_with_what_to_install(exporter, tmp_path, monkeypatch, capsys):
    folder, _ = exporter
    monkeypatch.setattr(gan.publishing.onnx, "_is_installed", lambda name: name == "onnx")
    assert main(["onnx", str(folder), str(tmp_path / "alpha.onnx")]) == 2
    assert "pip install onnxscript onnxruntime\n" in capsys.readouterr().err
    assert main(["onnx", str(folder), str(tmp_path / "alpha.pb")]) == 2
    assert "ends in .onnx" in capsys.readouterr().err


def test_what_is_no_generator_is_a_sentence(exporter, tmp_path, capsys):
    _, brighter = exporter
    brighter(0.0)
    assert main(["onnx", str(tmp_path / "nowhere"), str(tmp_path / "alpha.onnx")]) == 2
    assert "no such file" in capsys.readouterr().err
