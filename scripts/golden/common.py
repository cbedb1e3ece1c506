"""What every golden script shares: where files go, how numbers are written, who made them."""
import json
import platform
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch

REPO = Path(__file__).resolve().parents[2]
TRAINING = REPO / "packages" / "training" / "golden"
CORE = REPO / "packages" / "core" / "golden"

torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)


def provenance(script: str, seed: int, *libraries: str) -> dict:
    """Script, seed and versions, written into every golden file."""
    versions = {name: version(name) for name in libraries}
    return {"script": f"scripts/golden/{script}", "seed": seed, "versions": {"python": platform.python_version(), **versions}}


def rounded(value, digits: int = 10):
    """A tensor or nested list as plain lists with `digits` significant digits."""
    if isinstance(value, (torch.Tensor, np.ndarray)):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return [rounded(item, digits) for item in value]
    return float(f"{value:.{digits}g}") if isinstance(value, float) else value


def write_json(path: Path, data: dict) -> None:
    """One top-level key per line: small, and a change is readable in a diff."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [f"  {json.dumps(key)}: {json.dumps(item, ensure_ascii=False)}" for key, item in data.items()]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def read_json(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))
