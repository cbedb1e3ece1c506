"""Robust combiners over small updates, from their definitions: medians and sorts by numpy, Krum by a plain double loop.

Updates are float32; everything is computed in float64 and stored as float32, as the method receives it.
"""
import numpy as np

from common import REPO, provenance, write_json

SEED = 18031498
TARGET = REPO / "packages" / "aggregators" / "golden"
LENGTH = 12


def rows(rng, clients: int) -> np.ndarray:
    """Alike but for noise, one far off, two that tie in every coordinate."""
    values = rng.normal(0, 1, LENGTH) + 0.1 * rng.normal(0, 1, (clients, LENGTH))
    values[1] *= -50
    values[clients - 1] = values[clients - 2]
    return values.astype(np.float32).astype(np.float64)


def median(x: np.ndarray, _options: dict) -> np.ndarray:
    return np.median(x, axis=0)


def trimmed_mean(x: np.ndarray, options: dict) -> np.ndarray:
    drop = int(np.floor(round(options["trimFraction"] * len(x), 9)))
    return np.sort(x, axis=0)[drop : len(x) - drop].mean(axis=0)


def multi_krum(x: np.ndarray, options: dict) -> list[int]:
    """Indices of the kept updates: s(i) sums the n - f - 2 smallest squared distances to others."""
    n, f = len(x), options["byzantineClients"]
    scores = []
    for i in range(n):
        others = sorted(float(((x[i] - x[j]) ** 2).sum()) for j in range(n) if j != i)
        scores.append(sum(others[: n - f - 2]))
    keep = min(options.get("keptClients") or n - f - 2, n - f - 2)
    return sorted(sorted(range(n), key=lambda i: (scores[i], i))[:keep])


def norm_clipping(x: np.ndarray, options: dict) -> np.ndarray:
    norms = np.linalg.norm(x, axis=1, keepdims=True)
    return x / np.maximum(1, norms / options["clipNorm"])


def single(values: np.ndarray) -> list:
    return np.asarray(values).astype(np.float32).astype(np.float64).tolist()


def main() -> None:
    rng = np.random.default_rng(SEED)
    cases = []
    for name, rule, options, clients in [
        ("median", median, {}, 7),
        ("median", median, {}, 8),
        ("trimmed-mean", trimmed_mean, {"trimFraction": 0.2}, 7),
        ("trimmed-mean", trimmed_mean, {"trimFraction": 0.3}, 10),
        ("norm-clipping", norm_clipping, {"clipNorm": 2.5}, 6),
    ]:
        x = rows(rng, clients)
        out = rule(x, options)
        cases.append({"combiner": name, "options": options, "updates": x.tolist(), "combined": single(np.atleast_2d(out))})
    for options, clients in [({"byzantineClients": 1}, 7), ({"byzantineClients": 2, "keptClients": 1}, 9)]:
        x = rows(rng, clients)
        kept = multi_krum(x, options)
        cases.append(
            {"combiner": "multi-krum", "options": options, "updates": x.tolist(), "kept": kept, "combined": single(x[kept])}
        )
    write_json(
        TARGET / "combiners.json",
        {
            "provenance": provenance("make_combiners.py", SEED, "numpy"),
            "equations": "Yin et al. 2018, definitions 1 and 2; Blanchard et al. 2017, sections 4 and 6; Sun et al. 2019, section 4",
            "tolerance": 1e-7,
            "cases": cases,
        },
    )


if __name__ == "__main__":
    main()
