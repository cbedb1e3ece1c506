"""Rounds of federated methods, computed from the equations of their papers over the factors themselves.

Each client's trained factors are random around the global ones; the server's step is the paper's, in float64, and its
result is stored as float32, as clients receive it.
"""
import numpy as np

from common import REPO, provenance, write_json

SEED = 20240913
TARGET = REPO / "packages" / "aggregators" / "golden"
RANK, SCALING = 2, 2.0
MODULES = {"layer.0.query": (3, 4), "layer.0.value": (5, 2)}  # out, in
WEIGHTS = [[120, 40, 7], [40, 7, 1, 300]]  # examples per client, one list per round


WITH_CORE = False  # whether modules have an R [r, r] between B and A


def factors() -> list[dict]:
    rows = []
    for module, (out, width) in MODULES.items():
        rows.append({"name": f"{module}.lora_A", "module": module, "role": "down", "shape": [RANK, width]})
        rows.append({"name": f"{module}.lora_B", "module": module, "role": "up", "shape": [out, RANK]})
        if WITH_CORE:
            rows.append({"name": f"{module}.lora_R", "module": module, "role": "core", "shape": [RANK, RANK]})
    rows.append({"name": "classifier.weight", "module": "classifier", "role": "head", "shape": [2, 3]})
    rows.append({"name": "classifier.bias", "module": "classifier", "role": "head", "shape": [2]})
    return rows


def flat(values: dict) -> list:
    """Factors in layout order, null where a factor is missing."""
    out = []
    for factor in factors():
        size = int(np.prod(factor["shape"]))
        out += values[factor["name"]].ravel().tolist() if factor["name"] in values else [None] * size
    return out


def single(values: dict) -> dict:
    """Rounded to float32, kept as float64 numbers."""
    return {name: value.astype(np.float32).astype(np.float64) for name, value in values.items()}


def initial(rng) -> dict:
    values = {}
    for factor in factors():
        zero = factor["role"] == ("core" if WITH_CORE else "up") or factor["name"].endswith("bias")
        draw = rng.uniform(-0.5, 0.5, factor["shape"])
        values[factor["name"]] = np.zeros(factor["shape"]) if zero else draw
    return single(values)


def mean(updates: list[dict], weights: list[int]) -> dict:
    """sum_k (n_k / n) X_k for every factor X that clients sent."""
    total = sum(weights)
    return {name: sum(n / total * update[name] for n, update in zip(weights, updates)) for name in updates[0]}


def svd_step(scale_b, scale_a):
    """Mean of B, then per module the SVD of B A, cut to the rank: B = U f(S), A = g(S) V^T; the full matrices, as printed in the paper."""
    def step(world: dict, updates: list[dict], weights: list[int]) -> dict:
        new = {**world, **mean(updates, weights)}
        for module in MODULES:
            u, s, vt = canonical_svd(new[f"{module}.lora_B"] @ new[f"{module}.lora_A"])
            new[f"{module}.lora_B"], new[f"{module}.lora_A"] = u * scale_b(s), scale_a(s)[:, None] * vt
        return new
    return step


def canonical_svd(matrix):
    """The first RANK singular triples; in each right vector the entry of largest magnitude is positive."""
    u, s, vt = np.linalg.svd(matrix, full_matrices=False)
    u, s, vt = u[:, :RANK], s[:RANK], vt[:RANK]
    signs = np.sign(vt[np.arange(RANK), np.abs(vt).argmax(axis=1)])
    return u * signs, s, signs[:, None] * vt


def fair_step(fit, sides):
    """Means, then a correction of one factor or both from the ideal product dW = sum_k (n_k / n) B_k A_k, as full matrices."""
    def step(world: dict, updates: list[dict], weights: list[int]) -> dict:
        new = {**world, **mean(updates, weights)}
        for module in MODULES:
            b, a = f"{module}.lora_B", f"{module}.lora_A"
            ideal = sum(n / sum(weights) * update[b] @ update[a] for n, update in zip(weights, updates))
            B, A = new[b], new[a]
            DB = fit(ideal, B, A) if "B" in sides else np.zeros_like(B)
            DA = fit((ideal - DB @ A).T, A.T, B.T).T if "A" in sides else np.zeros_like(A)
            new[b], new[a] = B + DB, A + DA
        return new
    return step


def ridge(lam: float):
    """D (F F^T + mu I) = (W - X F) F^T with mu = lam tr(F F^T) / r."""
    def fit(W, X, F):
        gram = F @ F.T
        mu = lam * np.trace(gram) / RANK
        return np.linalg.solve(gram + mu * np.eye(RANK), ((W - X @ F) @ F.T).T).T
    return fit


def cosine_descent(lam: float, steps: int, rate: float):
    """Descent on 1 - cos(P, (X + D) F) + lam ||D||^2 / u; P = W F^+ F, u = ||X F||^2 r / tr(F F^T); steps of rate * u."""
    def fit(W, X, F):
        P = W @ np.linalg.pinv(F) @ F
        u = np.linalg.norm(X @ F) ** 2 * RANK / np.trace(F @ F.T)
        D = np.zeros_like(X)
        for _ in range(steps):
            V = (X + D) @ F
            p, v = np.linalg.norm(P), np.linalg.norm(V)
            gradient = -(P / (p * v) - np.sum(P * V) * V / (p * v**3)) @ F.T + 2 * lam * D / u
            D = D - rate * u * gradient
        return D
    return fit


def ideal_products(updates: list[dict], weights: list[int]) -> dict:
    """Per module dW = s sum_k (n_k / n) B_k A_k, a full matrix."""
    pairs = [(n / sum(weights), update) for n, update in zip(weights, updates)]
    return {m: SCALING * sum(p * x[f"{m}.lora_B"] @ x[f"{m}.lora_A"] for p, x in pairs) for m in MODULES}


def flex_step(world: dict, updates: list[dict], weights: list[int]) -> dict:
    """SVD of dW cut to the rank: B = U_r S_r / s, A = V_r^T."""
    new = {**world, **mean(updates, weights)}
    for module, ideal in ideal_products(updates, weights).items():
        u, s, vt = canonical_svd(ideal)
        new[f"{module}.lora_B"], new[f"{module}.lora_A"] = u * s / SCALING, vt
    return new


def restart_step(world: dict, updates: list[dict], weights: list[int]) -> dict:
    """B = 0, and A anew: what it is drawn as is not the paper's to say."""
    new = {**world, **mean(updates, weights)}
    return {name: np.zeros_like(x) if name.endswith("lora_B") else x for name, x in new.items()}


def fedex_cut(rank: int):
    """The part of FedEx-LoRA's residual of that rank that is closest to it: U_k S_k V_k^T of its SVD."""
    def base(world: dict, updates: list[dict], weights: list[int]) -> dict:
        cut = {}
        for module, residual in fedex_base(world, updates, weights).items():
            u, s, vt = np.linalg.svd(residual, full_matrices=False)
            cut[module] = (u[:, :rank] * s[:rank]) @ vt[:rank]
        return cut
    return base


def orthonormal_rows(values: dict) -> dict:
    """A = Q^T with Q R = A^T, the diagonal of R positive."""
    new = dict(values)
    for module in MODULES:
        q, r = np.linalg.qr(values[f"{module}.lora_A"].T)
        new[f"{module}.lora_A"] = (q * np.sign(np.diag(r))).T
    return single(new)


def fedex_base(world: dict, updates: list[dict], weights: list[int]) -> dict:
    """s (sum_k (n_k / n) B_k A_k - B A), A and B the means."""
    means = mean(updates, weights)
    ideal = ideal_products(updates, weights)
    return {m: ideal[m] - SCALING * means[f"{m}.lora_B"] @ means[f"{m}.lora_A"] for m in MODULES}


def flora_base(world: dict, updates: list[dict], weights: list[int]) -> dict:
    return ideal_products(updates, weights)


def mean_step(world: dict, updates: list[dict], weights: list[int]) -> dict:
    return {**world, **mean(updates, weights)}


def norm_step(world: dict, updates: list[dict], weights: list[int]) -> dict:
    """Factors weighed by the norm of the client's whole change of the weights, the head by examples."""
    norms = [np.sqrt(sum(np.sum((SCALING * x[f"{m}.lora_B"] @ x[f"{m}.lora_A"]) ** 2) for m in MODULES)) for x in updates]
    by_norm, by_examples = mean(updates, norms), mean(updates, weights)
    return {**world, **{name: by_norm[name] if "lora" in name else by_examples[name] for name in by_norm}}


def top(values: dict, share: float, mask: str, head_dense: bool) -> dict:
    """0 or 1 for every value: the floor(share size) largest magnitudes of each group, by a stable sort."""
    groups: dict = {}
    for factor in factors():
        dense = factor["role"] == "head" and head_dense
        key = "dense" if dense else {"global": "", "tensor": factor["name"], "role": factor["role"]}[mask]
        groups.setdefault(key, []).append(factor["name"])
    chosen = {}
    for key, names in groups.items():
        flat_values = np.concatenate([np.abs(values[name]).ravel() for name in names])
        kept = flat_values.size if key == "dense" else max(1, int(np.floor(share * flat_values.size)))
        marks = np.zeros(flat_values.size)
        marks[np.argsort(-flat_values, kind="stable")[:kept]] = 1
        parts = np.split(marks, np.cumsum([values[name].size for name in names])[:-1])
        chosen |= {name: part.reshape(values[name].shape) for name, part in zip(names, parts)}
    return chosen


class Flasc:
    """The loop of FLASC around dense P: masked download, dense training, masked change, one step of the server's optimiser."""

    def __init__(self, down: float, up: float, optimizer, mask="role", head_dense=True, decay=1.0):
        self.down, self.up, self.decay, self.optimizer = down, up, decay, optimizer
        self.masked = lambda values, share: {n: values[n] * m for n, m in top(values, share, mask, head_dense).items()}
        self.turn = 0

    def held(self, world: dict) -> dict:
        return world if self.turn == 0 else single(self.masked(world, self.down * self.decay**self.turn))

    def step(self, world: dict, updates: list[dict], weights: list[int]) -> dict:
        start = self.held(world)
        sent = [self.masked({n: x[n] - start[n] for n in x}, self.up * self.decay**self.turn) for x in updates]
        self.turn += 1
        return {n: self.optimizer(n, world[n], -sum(change[n] for change in sent) / len(sent)) for n in world}


def adamw(rate, beta1, beta2, epsilon, decay):
    memory: dict = {}

    def step(name, value, gradient):
        t, m, v = memory.get(name, (0, 0.0, 0.0))
        t, m, v = t + 1, beta1 * m + (1 - beta1) * gradient, beta2 * v + (1 - beta2) * gradient**2
        memory[name] = (t, m, v)
        value = value - rate * decay * value
        return value - rate * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + epsilon)
    return step


def momentum_sgd(rate, momentum):
    velocity: dict = {}

    def step(name, value, gradient):
        velocity[name] = momentum * velocity.get(name, 0.0) + gradient
        return value - rate * velocity[name]
    return step


def rounds(rng, start: dict, sent_roles: list[set[str]], step, known: set[str], base, held=lambda world: world) -> list[dict]:
    """Clients train from what they hold of the global factors and send, round after round, the next set of roles in turn."""
    world, done = start, []
    total = {module: np.zeros(shape) for module, shape in MODULES.items()}
    for turn, weights in enumerate(WEIGHTS):
        roles = sent_roles[turn % len(sent_roles)]
        sent = [factor["name"] for factor in factors() if factor["role"] in roles]
        begun = held(world)
        trained = [single({name: begun[name] + 0.3 * rng.standard_normal(world[name].shape) for name in sent}) for _ in weights]
        if base:
            total = {module: change + base(world, trained, weights)[module] for module, change in total.items()}
        world = single(step(world, trained, weights))
        clients = [{"index": i, "weight": n, "trained": flat(x)} for i, (n, x) in enumerate(zip(weights, trained))]
        done.append({"clients": clients, "adapter": flat({x["name"]: world[x["name"]] for x in factors() if x["role"] in known})}
                    | ({"base": {module: change.ravel().tolist() for module, change in total.items()}} if base else {}))
    return done


ALL = {"down", "up", "head"}


def write(name: str, equations: str, sent_roles: list[set[str]], head="share", step=mean_step, config=None, tolerance=2e-7, known=ALL, base=None, begin=lambda values: values, held=lambda world: world) -> None:
    """`known`: roles of the global adapter that the equations determine; `base`: what a round adds to base weights; `begin`: the method's first step;
    `held`: what of the global factors clients train from."""
    rng = np.random.default_rng(SEED)
    start = initial(rng)
    write_json(TARGET / f"{name}.json", {
        "provenance": provenance("make_methods.py", SEED, "numpy"),
        "equations": equations,
        "tolerance": tolerance,
        "rank": RANK, "scaling": SCALING, "head": head, "config": config or {},
        "factors": factors(),
        "initial": flat(start),
        "rounds": rounds(rng, begin(start), sent_roles, step, known, base, held),
    })


write("fedavg", "FedIT, arXiv:2305.05644: A = sum n_k/n A_k and B = sum n_k/n B_k, likewise the head", [{"down", "up", "head"}])
write("ffa-lora", "FFA-LoRA, arXiv:2403.12313: A = A_0 for ever, B = sum n_k/n B_k, likewise the head", [{"up", "head"}])
write("fedsa-lora", "FedSA-LoRA, arXiv:2410.01463: A = sum n_k/n A_k; B_k and the head stay with client k", [{"down"}], "personal", known={"down"})
write("rolora", "RoLoRA, arXiv:2409.02346: odd rounds B = sum n_k/n B_k, even rounds A = sum n_k/n A_k, the other as it was; the head always", [{"up", "head"}, {"down", "head"}])
write("fedsvd", "FedSVD, arXiv:2505.12805: B = sum n_k/n B_k; U S V^T = B A; then B = U_r S_r, A = V_r^T", [{"up", "head"}],
      step=svd_step(lambda s: s, np.ones_like), tolerance=1e-6)
write("fedsvd.sqrt", "FedSVD, arXiv:2505.12805, ablation of the split: B = U_r S_r^(1/2), A = S_r^(1/2) V_r^T", [{"up", "head"}],
      step=svd_step(np.sqrt, np.sqrt), config={"split": "sqrt"}, tolerance=1e-6)
FAIR = "LoRA-FAIR, arXiv:2411.14961: A and B are means; "
BOTH = [ALL]
write("lora-fair", FAIR + "B + D with D (A A^T + mu I) = (dW - B A) A^T, mu = 0.01 tr(A A^T) / r", BOTH, step=fair_step(ridge(0.01), "B"), tolerance=5e-7)
write("lora-fair.both", FAIR + "the ridge for B, then for A on what is left", BOTH,
      step=fair_step(ridge(0.1), "BA"), config={"residual": "both", "lambda": 0.1}, tolerance=5e-7)
write("lora-fair.cos-sgd", FAIR + "descent on 1 - cos(dW, (B + D) A) + lambda ||D||^2, in relative units", BOTH,
      step=fair_step(cosine_descent(0.02, 60, 0.05), "B"), config={"mode": "cos-sgd", "lambda": 0.02, "steps": 60, "learningRate": 0.05}, tolerance=5e-7)
write("lora-fair.cos-sgd-a", FAIR + "the same descent for A", BOTH,
      step=fair_step(cosine_descent(0, 60, 0.05), "A"), config={"mode": "cos-sgd", "residual": "A", "lambda": 0, "steps": 60, "learningRate": 0.05}, tolerance=5e-7)
write("flexlora", "FlexLoRA, arXiv:2402.11505: U S V^T = s sum n_k/n B_k A_k; B = U_r S_r / s, A = V_r^T", BOTH, step=flex_step, tolerance=1e-6)
write("fedex-lora", "FedEx-LoRA, arXiv:2410.09432: A and B are means; the base gets s (sum n_k/n B_k A_k - B A)", BOTH, base=fedex_base, tolerance=5e-7)
write("flora", "FLoRA, arXiv:2409.05976: the base gets s sum n_k/n B_k A_k; B = 0, A anew", BOTH,
      step=restart_step, known={"up", "head"}, base=flora_base, tolerance=5e-7)
write("ffa-lora.orthonormal", "FFA-LoRA, arXiv:2403.12313, from A = Q^T with Q R = A_0^T: B = sum n_k/n B_k, likewise the head", [{"up", "head"}],
      config={"orthonormalInit": True}, begin=orthonormal_rows)
write("fedex-lora.truncated", "FedEx-LoRA, arXiv:2410.09432: A and B are means; the base gets U_1 S_1 V_1^T of s (sum n_k/n B_k A_k - B A)", BOTH,
      config={"residualRank": 1}, base=fedex_cut(1), tolerance=5e-7)
write("hetlora", "HetLoRA, arXiv:2401.06432: A = sum w_k A_k / sum w_k, B alike, w_k = ||s B_k A_k||_F; the head sum n_k/n", BOTH, step=norm_step)


def write_cellm(name: str, what: str, flasc: Flasc, config: dict) -> None:
    equations = "FLASC, arXiv:2406.05233: clients start from P * top(P), send (P_k - start) * top of it, g = -mean; " + what
    write(name, equations, BOTH, step=flasc.step, held=flasc.held, config=config)


write_cellm("cellm", "AdamW", Flasc(0.25, 0.25, adamw(5e-3, 0.9, 0.999, 1e-3, 0)),
            {"serverOptimizer": {"name": "adamw", "epsilon": 1e-3}})
write_cellm("cellm.decay", "AdamW with weight decay, one ranking over all, the head in it, densities that fall",
            Flasc(0.5, 0.3, adamw(0.05, 0.8, 0.99, 1e-2, 0.01), "global", False, 0.7),
            {"densityDown": 0.5, "densityUp": 0.3, "densityDecay": 0.7, "mask": "global", "headDense": False,
             "serverOptimizer": {"name": "adamw", "learningRate": 0.05, "beta1": 0.8, "beta2": 0.99, "epsilon": 1e-2, "weightDecay": 0.01}})
write_cellm("cellm.sgd", "SGD with momentum, a ranking for each factor", Flasc(0.4, 0.2, momentum_sgd(0.7, 0.9), "tensor"),
            {"densityDown": 0.4, "densityUp": 0.2, "mask": "tensor", "serverOptimizer": {"name": "sgd", "learningRate": 0.7, "momentum": 0.9}})
write_cellm("cellm.dense", "density 1 and SGD with rate 1: uniform FedAvg", Flasc(1, 1, momentum_sgd(1, 0)),
            {"densityDown": 1, "densityUp": 1, "serverOptimizer": {"name": "sgd"}})

WITH_CORE = True
write("fed-sb", "Fed-SB, arXiv:2502.15436: R = sum n_k/n R_k between fixed B and A, likewise the head", [{"core", "head"}], known=ALL | {"core"})
