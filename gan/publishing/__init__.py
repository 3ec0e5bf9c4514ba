"""How a model is named, described and handed on: its credits and card; a checkpoint, a model, a Space, a page, ONNX."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]  # the checkout, or the Space
CHECKPOINTS = ROOT / "checkpoints"  # the models that the app shows
