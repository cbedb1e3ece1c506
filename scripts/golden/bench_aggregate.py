"""The straightforward numpy versions of what bench/aggregate.ts measures, on RoBERTa-large's query and value at rank 8.

Prints one JSON line each: averaging A and B of 10, 100 and 1,000 clients (stacked, then mean: memory grows with the
clients), FedSVD's refactorisation of the whole model by the thin QR of each pair, the same by the SVD of the full
[out, in] product (the published route), and FlexLoRA's SVD of the full mean product.

    OMP_NUM_THREADS=1 python scripts/golden/bench_aggregate.py
"""

import json
import resource
import time

import numpy as np

MODULES, SIZE, RANK = 48, 1024, 8


def line(name, clients, started, **more):
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    ms = round((time.perf_counter() - started) * 1000)
    print(json.dumps({"name": name, "clients": clients, "ms": ms, "peakMiB": peak, **more}), flush=True)


def averages(rng):
    size = MODULES * 2 * SIZE * RANK
    pool = [rng.standard_normal(size, dtype=np.float32) for _ in range(8)]
    for clients in (10, 100, 1000):
        stacked = np.stack([pool[k % 8] for k in range(clients)])
        started = time.perf_counter()
        stacked.mean(axis=0, dtype=np.float64).astype(np.float32)
        line("numpy mean of a stack", clients, started)
        del stacked
        started = time.perf_counter()
        total = np.zeros(size)
        for k in range(clients):
            total += pool[k % 8]
        (total / clients).astype(np.float32)
        line("numpy running mean", clients, started)


def refactorisations(rng):
    pairs = [
        (rng.standard_normal((SIZE, RANK)), rng.standard_normal((RANK, SIZE))) for _ in range(MODULES)
    ]
    started = time.perf_counter()
    for B, A in pairs:
        left, right = np.linalg.qr(B), np.linalg.qr(A.T)
        u, s, vt = np.linalg.svd(left[1] @ right[1].T)
        _ = left[0] @ u * s, vt @ right[0].T
    line("numpy thin refactorisation", 1, started)
    started = time.perf_counter()
    for B, A in pairs[:4]:
        np.linalg.svd((B @ A).astype(np.float32), full_matrices=False)
    ms = (time.perf_counter() - started) * 1000 / 4 * MODULES
    print(json.dumps({"name": "numpy full SVD refactorisation", "clients": 1, "ms": round(ms), "from": "4 of 48"}))


if __name__ == "__main__":
    generator = np.random.default_rng(1)
    averages(generator)
    refactorisations(generator)
