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


def factors() -> list[dict]:
    rows = []
    for module, (out, width) in MODULES.items():
        rows.append({"name": f"{module}.lora_A", "module": module, "role": "down", "shape": [RANK, width]})
        rows.append({"name": f"{module}.lora_B", "module": module, "role": "up", "shape": [out, RANK]})
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
        zero = factor["role"] == "up" or factor["name"].endswith("bias")
        draw = rng.uniform(-0.5, 0.5, factor["shape"])
        values[factor["name"]] = np.zeros(factor["shape"]) if zero else draw
    return single(values)


def mean(updates: list[dict], weights: list[int]) -> dict:
    """sum_k (n_k / n) X_k for every factor X that clients sent."""
    total = sum(weights)
    return {name: sum(n / total * update[name] for n, update in zip(weights, updates)) for name in updates[0]}


def rounds(rng, start: dict, sent_roles: list[set[str]], personal: bool) -> list[dict]:
    """Clients train from the global factors and send, round after round, the next set of roles in turn."""
    world, done = start, []
    known = [factor["name"] for factor in factors() if not personal or factor["role"] in sent_roles[0]]
    for turn, weights in enumerate(WEIGHTS):
        roles = sent_roles[turn % len(sent_roles)]
        sent = [factor["name"] for factor in factors() if factor["role"] in roles]
        trained = [single({name: world[name] + 0.3 * rng.standard_normal(world[name].shape) for name in sent}) for _ in weights]
        world = single({**world, **mean(trained, weights)})
        clients = [{"index": i, "weight": n, "trained": flat(x)} for i, (n, x) in enumerate(zip(weights, trained))]
        done.append({"clients": clients, "adapter": flat({name: world[name] for name in known})})
    return done


def write(name: str, equations: str, sent_roles: list[set[str]], head: str = "share") -> None:
    rng = np.random.default_rng(SEED)
    start = initial(rng)
    write_json(TARGET / f"{name}.json", {
        "provenance": provenance("make_methods.py", SEED, "numpy"),
        "equations": equations,
        "tolerance": 2e-7,
        "rank": RANK, "scaling": SCALING, "head": head, "config": {},
        "factors": factors(),
        "initial": flat(start),
        "rounds": rounds(rng, start, sent_roles, head == "personal"),
    })


write("fedavg", "FedIT, arXiv:2305.05644: A = sum n_k/n A_k and B = sum n_k/n B_k, likewise the head", [{"down", "up", "head"}])
write("ffa-lora", "FFA-LoRA, arXiv:2403.12313: A = A_0 for ever, B = sum n_k/n B_k, likewise the head", [{"up", "head"}])
write("fedsa-lora", "FedSA-LoRA, arXiv:2410.01463: A = sum n_k/n A_k; B_k and the head stay with client k", [{"down"}], "personal")
write("rolora", "RoLoRA, arXiv:2409.02346: odd rounds B = sum n_k/n B_k, even rounds A = sum n_k/n A_k, the other as it was; the head always", [{"up", "head"}, {"down", "head"}])
