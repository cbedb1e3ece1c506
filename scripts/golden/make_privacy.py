"""Goldens for packages/dp: moments by 60-digit quadrature, epsilons by Opacus and dp_accounting, noise searches, special functions."""
import math

import dp_accounting
import numpy as np
from dp_accounting import dp_event
from dp_accounting.pld import privacy_loss_distribution as pld
from dp_accounting.rdp import rdp_privacy_accountant as rdp
from mpmath import erfc, exp, linspace, log, loggamma, mp, mpf, ncdf, npdf, quad
from opacus.accountants import RDPAccountant
from opacus.accountants.analysis.rdp import compute_rdp

from common import REPO, provenance, write_json

OUT = REPO / "packages" / "dp" / "golden"
mp.dps = 60
DELTA = 1e-5
RELATION = dp_accounting.NeighboringRelation
RELATIONS = {"add-or-remove-one": RELATION.ADD_OR_REMOVE_ONE, "zero-out": RELATION.REPLACE_SPECIAL, "replace-one": RELATION.REPLACE_ONE}
# The default orders of packages/dp, where dp_accounting's and Opacus' end at 1024 and 63.
ORDERS = [1 + x / 10 for x in range(1, 100)] + list(range(11, 64)) + [64, 72, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 640, 768, 1024, 1536, 2048, 3072, 4096]


def poisson(rate, noise, steps):
    return {"mechanism": "poisson-gaussian", "samplingRate": rate, "noiseMultiplier": noise, "steps": steps}


def gaussian(noise, steps):
    return {"mechanism": "gaussian", "noiseMultiplier": noise, "steps": steps}


def event_of(row):
    """A row as dp_accounting's event; noise is over the clip norm, as its PLD takes it under every relation."""
    inner = dp_event.GaussianDpEvent(row["noiseMultiplier"])
    if row["mechanism"] == "poisson-gaussian":
        inner = dp_event.PoissonSampledDpEvent(row["samplingRate"], inner)
    return dp_event.SelfComposedDpEvent(inner, row["steps"])


def log_moment(rate, noise, order):
    """ln E[(1 - q + q exp((2x - 1) / 2 sigma^2))^order], x normal, by quadrature with 60 digits."""
    q, s, a = mpf(rate), mpf(noise), mpf(order)
    f = lambda x: (1 - q + q * exp((2 * x - 1) / (2 * s * s))) ** a * npdf(x, 0, s)
    points = [-30 * s, -8 * s, 0, mpf(1) / 2, 1, a / 2, a, a + 8 * s, a + 30 * s]
    split = s * s * log(1 / q - 1) + mpf(1) / 2
    cuts = sorted({p for p in points + [split] if -30 * s <= p <= a + 30 * s})
    fine = [p for left, right in zip(cuts, cuts[1:]) for p in linspace(left, right, 5)[:-1]] + [cuts[-1]]
    return float(log(quad(f, fine)))


def moments():
    cases = []
    for rate in (1e-4, 1e-3, 0.01, 0.1, 0.5, 0.9):
        for noise in (0.5, 0.7, 1, 2, 10):
            for order in (1.1, 1.5, 2, 3.3, 8, 10.9):
                cases.append([rate, noise, order, log_moment(rate, noise, order)])
    return cases


def renyi():
    """Epsilons from Opacus' divergences, which keep all signs, over the orders of packages/dp."""
    cases = []
    for rate, noise, steps in [(0.01, 1, 1000), (1e-4, 1, 100000), (1e-3, 0.6, 5000), (0.04, 0.7, 600), (0.1, 2, 300), (0.01, 4, 100000), (0.5, 3, 50), (1, 8, 20)]:
        found = compute_rdp(q=rate, noise_multiplier=noise, steps=steps, orders=ORDERS)
        # Opacus overflows at orders beyond 1024, which are the best for none of these.
        divergences = np.where(np.isnan(found), np.inf, found)
        for delta in (1e-3, 1e-5, 1e-8):
            epsilon, order = rdp.compute_epsilon(ORDERS, divergences, delta)
            cases.append([poisson(rate, noise, steps), delta, float(epsilon), float(order)])
    return cases


def fixed_size():
    """Noise over the clip norm is twice the noise over what a replacement moves."""
    cases = []
    orders = [2, 3, 4.5, 8, 16, 40, 64]
    for sample, population, noise in [(10, 1000, 2), (64, 10000, 1.6), (1, 100, 4), (50, 100, 6), (128, 60000, 3)]:
        found = rdp._compute_rdp_sample_wor_gaussian(sample / population, noise / 2, orders)
        cases.append([sample, population, noise, [float(x) for x in found]])
    return {"orders": orders, "cases": cases}


def trees():
    orders = [1.5, 4, 32]
    return {"orders": orders, "cases": [[z, n, [float(x) for x in rdp._compute_rdp_single_epoch_tree_aggregation(z, n, orders)]] for z, n in [(1, 1), (2, 7), (2, 8), (4.5, 1000), (20, 65536)]]}


def losses(rows, relation, pessimistic, interval):
    """The composed loss distribution; pessimistic by connecting the dots, optimistic by buckets rounded down."""
    total = None
    for row in rows:
        args = {"pessimistic_estimate": pessimistic, "value_discretization_interval": interval, "use_connect_dots": pessimistic, "neighboring_relation": RELATIONS[relation]}
        if row["mechanism"] == "gaussian":
            one = pld.from_gaussian_mechanism(row["noiseMultiplier"] / math.sqrt(row["steps"]), **args)
        else:
            one = pld.from_gaussian_mechanism(row["noiseMultiplier"], sampling_prob=row["samplingRate"], **args).self_compose(row["steps"])
        total = one if total is None else total.compose(one)
    return total


LEDGERS = [
    ([poisson(0.01, 1, 1000)], "add-or-remove-one"), ([poisson(0.01, 1, 500)], "add-or-remove-one"),
    ([poisson(0.04, 1, 600)], "add-or-remove-one"), ([poisson(0.04, 1, 600)], "zero-out"), ([poisson(0.04, 1, 600)], "replace-one"),
    ([poisson(0.04, 0.7, 600)], "add-or-remove-one"), ([poisson(1e-3, 0.6, 5000)], "add-or-remove-one"),
    ([poisson(0.01, 1, 1000)], "replace-one"), ([poisson(1e-4, 1, 100000)], "add-or-remove-one"),
    ([poisson(0.5, 10, 100)], "add-or-remove-one"), ([poisson(0.1, 0.5, 1)], "add-or-remove-one"),
    ([poisson(0.9, 5, 10)], "replace-one"), ([poisson(1e-4, 0.5, 100)], "add-or-remove-one"),
    ([poisson(0.002, 3, 20000)], "add-or-remove-one"), ([poisson(0.02, 8, 10000)], "add-or-remove-one"),
    ([gaussian(2, 10)], "zero-out"), ([gaussian(2, 10)], "replace-one"),
    ([poisson(0.01, 1, 500), poisson(0.02, 1.5, 300), gaussian(10, 4)], "add-or-remove-one"),
    ([poisson(0.01, 2, 500), poisson(0.05, 4, 300), gaussian(20, 2)], "replace-one"),
    ([poisson(0.001, 0.8, 2000), poisson(0.3, 6, 20)], "zero-out"),
]


def tight():
    cases = []
    for rows, relation in LEDGERS:
        # The grid shrinks with the number of steps; what the optimistic one loses grows with it.
        steps = sum(row["steps"] for row in rows if row["mechanism"] != "gaussian")
        fine = 1e-5 if steps >= 100000 else 5e-5 if steps >= 600 else 1e-4
        upper, lower = losses(rows, relation, True, fine), losses(rows, relation, False, fine)
        for delta in (1e-3, 1e-5, 1e-8):
            cases.append([rows, relation, delta, float(lower.get_epsilon_for_delta(delta)), float(upper.get_epsilon_for_delta(delta))])
    return cases


def exact_gaussian():
    """delta = Phi(mu/2 - eps/mu) - e^eps Phi(-mu/2 - eps/mu), with 60 digits."""
    cases = []
    for signal in (0.01, 0.1, 0.5, 1, 3, 10):
        for epsilon in (0, 0.1, 1, 5, 30):
            mu, e = mpf(signal), mpf(epsilon)
            cases.append([signal, epsilon, float(ncdf(mu / 2 - e / mu) - exp(e) * ncdf(-mu / 2 - e / mu))])
    return cases


def noises():
    """Noise for a target by dp_accounting's own search over its PLD accountant, and over its RDP accountant with our orders."""
    cases = []
    for rate, steps, epsilon in [(0.01, 1000, 1), (0.01, 1000, 4), (1e-3, 10000, 1), (0.05, 200, 8)]:
        make = lambda noise: dp_event.SelfComposedDpEvent(dp_event.PoissonSampledDpEvent(rate, dp_event.GaussianDpEvent(noise)), steps)
        tool = lambda accountant: float(dp_accounting.calibrate_dp_mechanism(accountant, make, epsilon, DELTA, dp_accounting.LowerEndpointAndGuess(0.3, 4), tol=1e-5))
        cases.append([rate, steps, epsilon, tool(lambda: dp_accounting.pld.PLDAccountant()), tool(lambda: rdp.RdpAccountant(ORDERS))])
    return cases


def special():
    xs = [-5, -1.2, -0.3, 0, 1e-8, 0.1, 0.46, 0.47, 1, 2.5, 3.9, 4.1, 8, 20, 26]
    gs = [1e-5, 0.1, 0.5, 1.5, 2.5, 9.9, 10.1, 63, 1025, 1e6]
    return {"erfc": [[x, float(erfc(mpf(x)))] for x in xs], "logErfc": [[x, float(log(erfc(mpf(x))))] for x in [-3, 0.2, 5, 30, 1000]],
            "lgamma": [[x, float(loggamma(mpf(x)))] for x in gs], "normalCdf": [[x, float(ncdf(mpf(x)))] for x in [-30, -8, -1, 0, 0.5, 3, 9]]}


def fixed_points():
    """The numbers that others print for q = 0.01, noise 1, 1,000 steps, delta 1e-5."""
    rows = [poisson(0.01, 1, 1000)]
    opacus = RDPAccountant()
    opacus.history = [(1, 0.01, 1000)]
    tight_one = dp_accounting.pld.PLDAccountant()
    tight_one.compose(event_of(rows[0]))
    return {"rows": rows, "delta": DELTA, "rdp": float(opacus.get_epsilon(DELTA)), "pld": float(tight_one.get_epsilon(DELTA))}


def main():
    head = {"provenance": provenance("make_privacy.py", 0, "dp-accounting", "opacus", "mpmath", "numpy", "scipy")}
    write_json(OUT / "special.json", head | special())
    write_json(OUT / "gaussian.json", head | {"columns": ["signal", "epsilon", "delta"], "cases": exact_gaussian()})
    write_json(OUT / "renyi.json", head | {"momentColumns": ["rate", "noise", "order", "ln A"], "moments": moments(), "epsilonColumns": ["row", "delta", "epsilon", "order"], "epsilons": renyi(),
                                           "fixedSize": fixed_size(), "tree": trees()})
    write_json(OUT / "tight.json", head | {"columns": ["rows", "relation", "delta", "optimistic", "pessimistic"], "cases": tight(), "fixedPoint": fixed_points(),
                                           "noiseColumns": ["rate", "steps", "epsilon", "noise by PLD", "noise by RDP"], "noises": noises(), "noiseDelta": DELTA})


if __name__ == "__main__":
    main()
