"""Goldens for packages/core: linear algebra and metrics (the codecs are in make_codecs.py)."""
import math

import numpy as np
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, matthews_corrcoef, precision_recall_fscore_support

from common import CORE, provenance, rounded, write_json

SEED = 60


def matrices() -> dict[str, np.ndarray]:
    """Row-major float64 matrices, each with its own difficulty."""
    random = np.random.default_rng(SEED)
    normal = lambda rows, columns: random.standard_normal((rows, columns))
    hilbert = np.array([[1 / (i + j + 1) for j in range(5)] for i in range(7)])
    return {
        "one": np.array([[-3.0]]),
        "tall": normal(8, 3),
        "square": normal(5, 5),
        "wide": normal(3, 7),
        "lora-down": random.uniform(-0.125, 0.125, (4, 64)),
        "lora-up": normal(48, 4) * 0.01,
        "rank-two": normal(6, 2) @ normal(2, 4),
        "repeated-column": np.repeat(normal(5, 1), 2, axis=1),
        "zero-column": normal(5, 3) * np.array([1.0, 0.0, 1.0]),
        "zero": np.zeros((4, 2)),
        "identity": np.eye(4),
        "equal-singular-values": np.linalg.qr(normal(6, 3))[0] * 2,
        "graded": normal(10, 4) * np.array([1.0, 1e-3, 1e-5, 1e-7]),
        "hilbert": hilbert,
        "large": normal(6, 3) * 1e150,
        "small": normal(6, 3) * 1e-150,
    }


def qr_with_signs(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Thin QR with no negative number on R's diagonal."""
    q, r = np.linalg.qr(matrix)
    signs = np.where(np.diag(r) < 0, -1.0, 1.0)
    return q * signs, r * signs[:, None]


def svd_with_signs(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Thin SVD; the entry of largest magnitude in every right vector is positive."""
    u, s, vt = np.linalg.svd(matrix, full_matrices=False)
    largest = np.abs(vt).argmax(axis=1)
    signs = np.where(vt[np.arange(len(s)), largest] < 0, -1.0, 1.0)
    return u * signs, s, vt * signs[:, None]


def decomposition(name: str, matrix: np.ndarray) -> dict:
    u, s, vt = svd_with_signs(matrix)
    found = {"name": name, "shape": list(matrix.shape), "a": matrix.ravel().tolist(), "rank": int(np.linalg.matrix_rank(matrix)),
             "frobenius": math.hypot(*matrix.ravel()),
             "svd": {"u": u.ravel().tolist(), "s": s.tolist(), "vt": vt.ravel().tolist()}}
    if matrix.shape[0] >= matrix.shape[1]:
        q, r = qr_with_signs(matrix)
        found["qr"] = {"q": q.ravel().tolist(), "r": r.ravel().tolist()}
    return found


def products() -> list[dict]:
    """Singular values of B A and of a weighted sum of client products, formed densely."""
    random = np.random.default_rng(SEED + 1)
    cases = []
    for ranks in ([4], [2, 3], [4, 8, 4]):
        b = [random.standard_normal((12, r)) for r in ranks]
        a = [random.standard_normal((r, 16)) for r in ranks]
        weights = random.dirichlet(np.ones(len(ranks)))
        dense = sum(w * left @ right for w, left, right in zip(weights, b, a))
        cases.append({"rows": 12, "columns": 16, "ranks": ranks, "weights": weights.tolist(), "b": [x.ravel().tolist() for x in b],
                      "a": [x.ravel().tolist() for x in a], "frobenius": float(np.linalg.norm(dense)),
                      "s": np.linalg.svd(dense, compute_uv=False).tolist(), "dense": rounded(dense.ravel(), 15)})
    return cases


def predictions() -> dict[str, tuple[int, list[int], list[int]]]:
    """Label count, truth, prediction."""
    random = np.random.default_rng(SEED + 2)
    truth = random.integers(0, 4, 60)
    noisy = np.where(random.random(60) < 0.6, truth, random.integers(0, 4, 60))
    rare = (random.random(100) < 0.05).astype(int)
    return {
        "perfect": (3, [0, 1, 2, 1], [0, 1, 2, 1]),
        "all-wrong": (2, [0, 0, 1, 1], [1, 1, 0, 0]),
        "one-example": (2, [1], [1]),
        "one-predicted-class": (3, [0, 1, 2, 0], [0, 0, 0, 0]),
        "one-true-class": (3, [1, 1, 1, 1], [1, 0, 2, 1]),
        "one-class-only": (2, [1, 1, 1], [1, 1, 1]),
        "label-never-seen": (4, [0, 1, 1, 0], [0, 1, 0, 0]),
        "label-only-predicted": (3, [0, 0, 1, 1], [0, 2, 1, 2]),
        "rare-class-missed": (2, rare.tolist(), [0] * 100),
        "four-classes": (4, truth.tolist(), noisy.tolist()),
        "chance-level": (2, [0, 1, 0, 1], [0, 0, 1, 1]),
    }


def classification(name: str, labels: int, truth: list[int], predicted: list[int]) -> dict:
    everything = list(range(labels))
    precision, recall, f1, support = precision_recall_fscore_support(truth, predicted, labels=everything, zero_division=0)
    return {"name": name, "labels": labels, "truth": truth, "predicted": predicted,
            "confusion": confusion_matrix(truth, predicted, labels=everything).tolist(), "accuracy": accuracy_score(truth, predicted),
            "macro_f1_seen_labels": f1_score(truth, predicted, average="macro", zero_division=0),
            "macro_f1_all_labels": f1_score(truth, predicted, labels=everything, average="macro", zero_division=0),
            "matthews": float(matthews_corrcoef(truth, predicted)),
            "precision": precision.tolist(), "recall": recall.tolist(), "f1": f1.tolist(), "support": support.tolist()}


def main() -> None:
    source = provenance("make_core.py", SEED, "numpy")
    write_json(CORE / "linalg.json", {"provenance": source, "matrices": [decomposition(*item) for item in matrices().items()], "products": products()})
    cases = [classification(name, *case) for name, case in predictions().items()]
    write_json(CORE / "metrics.json", {"provenance": provenance("make_core.py", SEED + 2, "numpy", "scikit-learn"), "cases": cases})


if __name__ == "__main__":
    main()
