"""Goldens for packages/figures: Student's t with 60 digits, intervals, paired and exact tests by SciPy, Holm's correction by statsmodels."""
import itertools

import numpy as np
from mpmath import betainc, mp, mpf
from scipy import stats
from statsmodels.stats.multitest import multipletests

from common import REPO, provenance, rounded, write_json

OUT = REPO / "packages" / "figures" / "golden"
SEED = 8
DIGITS = 15
mp.dps = 60


def tails():
    """[t, degrees of freedom, two-sided tail], far into the tails."""
    cases = [(t, df) for df in (1, 2, 3, 4, 5, 9, 10, 29, 99, 998, 999) for t in (1e-8, 0.1, 1, 2.5, 12, 300)]
    # scipy.stats.t loses half of the digits near 0.
    tail = lambda t, df: betainc(mpf(df) / 2, mpf(1) / 2, 0, df / (df + mpf(t) ** 2), regularized=True)
    return [[t, df, float(tail(t, df))] for t, df in cases]


def quantiles():
    """[tail, degrees of freedom, t]"""
    return [[tail, df, float(stats.t.isf(tail / 2, df))] for df in (1, 2, 3, 4, 9, 29, 999) for tail in (0.5, 0.1, 0.05, 0.01, 1e-6)]


def means(rng):
    cases = []
    for n in (2, 3, 5, 12):
        values = rounded(rng.normal(0.8, 0.02, n), 6)
        low, high = stats.t.interval(0.95, n - 1, np.mean(values), stats.sem(values))
        cases.append({"values": values, "mean": float(np.mean(values)), "deviation": float(np.std(values, ddof=1)), "low": float(low), "high": float(high)})
    return cases


def signed_ranks(differences):
    """Two-sided p over all 2^n signs; ties share their mean rank, zeros are left out."""
    kept = np.array([d for d in differences if d != 0])
    ranks = stats.rankdata(np.abs(kept))
    sums = [sum(r for r, up in zip(ranks, signs) if up) for signs in itertools.product((0, 1), repeat=len(ranks))]
    above = ranks[kept > 0].sum()
    fewer = min(above, ranks.sum() - above)
    return float(min(1, 2 * np.mean([s <= fewer for s in sums])))


def signs(differences):
    kept = [d for d in differences if d != 0]
    return 1.0 if not kept else float(stats.binomtest(sum(d > 0 for d in kept), len(kept)).pvalue)


def paired(rng):
    cases = []
    for n in (2, 3, 5, 8, 12):
        left = rng.normal(0.82, 0.02, n)
        cases.append(rounded(left - rng.normal(0.8, 0.02, n), 6))
    cases += [[0.01, 0.01, -0.01, 0.02, 0, 0.03, 0.02], [-0.5, -0.25, -0.125], [0.1, 0, 0.1, -0.2, 0.3, 0.3, -0.1, 0]]
    out = []
    for differences in cases:
        test = stats.ttest_1samp(differences, 0)
        low, high = test.confidence_interval(0.95)
        wilcoxon = signed_ranks(differences)
        kept = np.abs([d for d in differences if d != 0])
        if len(kept) == len(differences) == len(set(kept)):
            assert np.isclose(wilcoxon, stats.wilcoxon(differences, method="exact").pvalue)
        out.append({"differences": differences, "t": float(test.pvalue), "mean": float(np.mean(differences)), "low": float(low), "high": float(high), "sign": signs(differences), "wilcoxon": wilcoxon})
    return out


def corrections(rng):
    cases = [rounded(rng.uniform(0, 0.2, n), 6) for n in (1, 2, 6, 15)] + [[0.01, 0.01, 0.04, 0.03]]
    return [{"p": p, "corrected": multipletests(p, method="holm")[1].tolist()} for p in cases]


def main():
    rng = np.random.default_rng(SEED)
    write_json(OUT / "statistics.json", {
        "provenance": provenance("make_statistics.py", SEED, "mpmath", "numpy", "scipy", "statsmodels"),
        "tails": rounded(tails(), DIGITS),
        "quantiles": rounded(quantiles(), DIGITS),
        "means": means(rng),
        "paired": paired(rng),
        "holm": corrections(rng),
    })


if __name__ == "__main__":
    main()
