"""What leaves the machine: a run as a checkpoint, its card, whose it is, the gate, a model, a Space, an ONNX file."""

from pathlib import Path

CHECKPOINTS = Path(__file__).resolve().parents[2] / "checkpoints"  # the models that the app shows
