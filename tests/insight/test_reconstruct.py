"""The command that reconstructs training pictures: all but those held out, and it goes on where it was stopped."""

import pytest
import torch
from conftest import draw_pictures

from gan.checkpoints import save_network
from gan.data.holdout import held_out
from gan.data.scan import read_pictures
from gan.insight import reconstruct
from gan.insight.reconstructions import Reconstructions
from gan.models import Generator

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoints") / "tiny"
    torch.manual_seed(0)
    save_network(folder / "model.safetensors", Generator(8, 8, 32))
    return folder


def run(checkpoint, data, out, *more):
    return reconstruct.main([str(checkpoint), "--data", str(data), "--out", str(out), "--steps", "2", *more])


def test_it_makes_all_but_those_held_out_and_goes_on_where_it_was_stopped(
    checkpoint, pictures, tmp_path, monkeypatch, capsys
):
    whole, part = tmp_path / "whole.safetensors", tmp_path / "part.safetensors"
    assert run(checkpoint, pictures, whole) == 0
    assert capsys.readouterr().out == f"{whole}: 38 reconstructions\n"
    found, real = Reconstructions.load(whole), read_pictures(pictures, 32)
    kept = held_out("folder", real.names, real.order)
    assert torch.equal(found.order, real.order[[row for row in range(40) if row not in kept]])
    Reconstructions(*(value[:16] for value in found[:3]), found.made_by).save(part)
    assert run(checkpoint, pictures, part) == 0
    assert all(torch.equal(*pair) for pair in zip(found[:4], Reconstructions.load(part)[:4], strict=True))


def test_what_it_cannot_go_on_with_is_told(checkpoint, pictures, tmp_path, capsys):
    out = tmp_path / "out.safetensors"
    assert run(checkpoint, pictures, out) == 0
    assert run(checkpoint, draw_pictures(tmp_path / "others", 20), out) == 2
    assert "by another model or of other pictures" in capsys.readouterr().err
    assert run(checkpoint, pictures, checkpoint / "model.safetensors") == 2
    assert "holds no reconstructions" in capsys.readouterr().err
    assert run(checkpoint, pictures, out, "--steps", "3") == 2
    assert "was begun with --steps 2; give that again" in capsys.readouterr().err


def test_a_place_that_cannot_be_written_is_told_before_the_work(checkpoint, pictures, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("gan.insight.projection.project_all", lambda *_, **__: pytest.fail("it worked first"))
    (tmp_path / "a file").touch()
    assert run(checkpoint, pictures, tmp_path / "a file" / "out.safetensors") == 2
    assert str(tmp_path / "a file") in capsys.readouterr().err
