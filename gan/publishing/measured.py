"""The measurements of the very weights in a folder, in words, and as the Hub's model-index has them."""

from pathlib import Path
from typing import Any

from gan.checkpoints import GENERATOR_FILE, read_described, weights_digest
from gan.folder import metrics_in, read_metrics, rows_of
from gan.metrics import key_in


def measurements(folder: Path) -> list[dict[str, Any]]:
    """Return the lines of metrics.jsonl that measured the very weights in the folder, against its training pictures."""
    weights = weights_digest(folder / GENERATOR_FILE)
    data = read_described(folder).get("data", {}).get("fingerprint")
    lines = [line for line in read_metrics(folder) if line.get("weights") == weights]
    return [line for line in lines if data in (None, line.get("data", data))]


def figures(line: dict[str, Any]) -> dict[str, str]:
    """Return one measurement in words, by what was measured."""
    return dict(metric.words(line) for metric in metrics_in(line)) | rows_of(line).counts(line)


def model_index_entry(line: dict[str, Any], dataset: str, pipeline: str) -> dict[str, Any]:
    """Return a measurement as an entry of the Hub's model-index."""
    told = [(key_in(line, key), kind) for metric in metrics_in(line) for key, kind in metric.hub.items()]
    return {
        "task": {"type": pipeline},
        "dataset": {"type": "imagefolder", "name": dataset},
        "metrics": [
            {
                "type": kind,
                "name": f"{key}, {line['generated']} generated against {line['real']} real",
                "value": line[key],
            }
            for key, kind in told
        ],
    }
