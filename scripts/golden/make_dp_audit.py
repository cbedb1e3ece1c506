"""Goldens for packages/dp's audit: the p-values and bounds of arXiv 2305.08846 (appendix D), by scipy's binomial."""
import math

import scipy.stats

from common import REPO, provenance, write_json

# canaries, guesses, correct, delta
OBSERVATIONS = [(1000, 100, 90, 0.0), (1000, 100, 100, 0.0), (1000, 100, 55, 0.0), (1000, 100, 90, 1e-5), (1000, 100, 100, 1e-5),
                (1000, 1000, 1000, 0.0), (1000, 1000, 731, 1e-6), (10000, 2000, 1500, 1e-6), (20000, 400, 395, 1e-5), (50, 50, 40, 1e-3),
                (10, 10, 10, 0.0), (10, 0, 0, 1e-5), (200, 100, 0, 1e-5)]
EPSILONS = [0.0, 0.1, 0.5, 1.0, 2.0, 4.0, 8.0]
CONFIDENCES = [0.9, 0.95, 0.99]


def p_value(m: int, r: int, v: int, eps: float, delta: float) -> float:
    q = 1 / (1 + math.exp(-eps))
    beta = scipy.stats.binom.sf(v - 1, r, q)
    alpha, mass = 0.0, 0.0
    for i in range(1, v + 1):
        mass += scipy.stats.binom.pmf(v - i, r, q)
        alpha = max(alpha, mass / i)
    return float(min(1, beta + alpha * delta * 2 * m))


def bound(m: int, r: int, v: int, delta: float, p: float) -> float:
    low, high = 0.0, 1.0
    while p_value(m, r, v, high, delta) < p:
        high += 1
    for _ in range(40):
        middle = (low + high) / 2
        if p_value(m, r, v, middle, delta) < p:
            low = middle
        else:
            high = middle
    return low


rows = [{"canaries": m, "guesses": r, "correct": v, "delta": delta,
         "pValues": [p_value(m, r, v, eps, delta) for eps in EPSILONS],
         "bounds": [bound(m, r, v, delta, 1 - c) for c in CONFIDENCES]} for m, r, v, delta in OBSERVATIONS]
write_json(REPO / "packages" / "dp" / "golden" / "audit.json",
           {"provenance": provenance("make_dp_audit.py", 0, "scipy"), "epsilons": EPSILONS, "confidences": CONFIDENCES, "rows": rows})
