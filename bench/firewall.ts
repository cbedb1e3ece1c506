/**
 * What checking updates and combining rounds does to the event loop: 500 updates of 1 MB checked, 100 of them combined, in
 * the loop's own thread and in others.
 *
 * npm run bench -- firewall; one JSON line per case: wall seconds; `p99`, the ms that whatever comes at a random moment waits
 * for the loop in 99 of 100 cases; `worst`, its longest turn. Blobs are files, twenty different ones, that clients share.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { combiners, methods } from "@fedtune/aggregators";
import {
  adapterKind,
  adapterKinds,
  adapterLayout,
  encodeVectorBlob,
  localOffload,
  prepareRun,
  resolveRun,
  rngFromSeed,
  runId,
} from "@fedtune/core";
import type { Blobs, Digest, Offload, RunSetup } from "@fedtune/core";
import { nodeClock, nodeHash } from "@fedtune/node-ports";
import { openFolderBlobs } from "../apps/server/src/folder-blobs.ts";
import { threadOffload } from "../apps/server/src/workers/thread-offload.ts";
import { threadPool } from "../apps/server/src/workers/thread-pool.ts";

const DIFFERENT = 20;
const [checked = 500, combined = 100] = process.argv.slice(2).map(Number);

/** B of 32 square modules of 1,024 at rank 8: 262,144 values, 1 MB. */
const modules = Array.from({ length: 32 }, (_, k) => ({
  name: `layer.${String(k)}.query`,
  in: 1024,
  out: 1024,
}));

const directory = await mkdtemp(join(tmpdir(), "fedtune-bench-"));
const blobs = await openFolderBlobs(directory);
const pool = threadPool({ clock: nodeClock });
try {
  // What the machine alone does to the loop.
  await measured({ work: "nothing", where: "loop", updates: 0 }, () => setTimeout(3000));
  const first = setupOf("mean");
  const hashes = await stored(first, blobs);
  for (const where of ["loop", "threads"] as const) {
    const offload = offloadOf(where, first);
    await check(offload, { setup: first, hashes, count: DIFFERENT });
    await measured({ work: "check", where, updates: checked }, () =>
      check(offload, { setup: first, hashes, count: checked }),
    );
  }
  for (const { name } of combiners) {
    for (const where of ["loop", "threads"] as const) {
      const setup = setupOf(name);
      const offload = offloadOf(where, setup);
      await measured({ work: `combine by ${name}`, where, updates: combined }, () =>
        combine(offload, setup, hashes),
      );
    }
  }
} finally {
  await pool.close();
  await rm(directory, { recursive: true });
}

function setupOf(combiner: string): RunSetup {
  const input = {
    task: { kind: "sequence-classification", labels: ["no", "yes"] },
    method: { name: "ffa-lora" },
    head: "freeze",
    adapter: { rank: 8, targetModules: ["query"] },
    combiner: { name: combiner },
    rounds: { minFitClients: 10, minAvailableClients: 10 },
    firewall: { maxNorm: 1e6 },
  };
  const resolved = resolveRun(input, { methods, combiners, kinds: adapterKinds }, nodeHash);
  const kind = adapterKind(resolved.config.adapter.kind);
  const describe = (adapter: RunSetup["resolved"]["config"]["adapter"]) => ({
    layout: adapterLayout(kind, adapter, { modules, head: [] }),
    modules,
  });
  return prepareRun(runId("bench"), resolved, { describe, hash: nodeHash });
}

async function stored({ tiers: [tier] }: RunSetup, into: Blobs): Promise<Digest[]> {
  const { layoutHash } = tier;
  const hashes: Digest[] = [];
  for (let k = 0; k < DIFFERENT; k++) {
    const rng = rngFromSeed(k);
    const values = Float32Array.from({ length: lengthOf() }, () => rng.uniform() - 0.5);
    const bytes = encodeVectorBlob({ kind: "update", codec: "f32", round: 1, layoutHash, values });
    hashes.push((await into.put(bytes, nodeHash.sha256(bytes))).hash);
  }
  return hashes;
}

function lengthOf(): number {
  return modules.reduce((sum, { out }) => sum + 8 * out, 0);
}

function offloadOf(where: "loop" | "threads", setup: RunSetup): Offload {
  if (where === "loop")
    return localOffload({ setup, blobs, hash: nodeHash, clock: nodeClock, privacy: null });
  return threadOffload({ pool, setup, blobs, folder: { directory, verify: false } });
}

/** All at once, as when a round's clients finish together. */
async function check(
  offload: Offload,
  of: { readonly setup: RunSetup; readonly hashes: readonly Digest[]; readonly count: number },
): Promise<void> {
  const [{ layoutHash }] = of.setup.tiers;
  const expected = { round: 1, codec: "f32", layoutHash, length: lengthOf(), kept: null } as const;
  const all = Array.from({ length: of.count }, (_, k) => hashAt(of.hashes, k)).map((hash) =>
    offload.check(hash, { ...expected, maxNorm: 1e6 }),
  );
  await Promise.all(all);
}

function hashAt(hashes: readonly Digest[], k: number): Digest {
  const hash = hashes[k % hashes.length];
  if (hash === undefined) throw new RangeError("Cannot bench without blobs");
  return hash;
}

async function combine(offload: Offload, setup: RunSetup, hashes: readonly Digest[]) {
  const updates = Array.from({ length: combined }, (_, index) => ({
    index,
    round: 1,
    weight: 1,
    hash: hashAt(hashes, index),
  }));
  const count = updates.length;
  const facts = { round: 1, sampled: count, accepted: count, totalWeight: count };
  const before = { state: setup.initialState, stateBlob: null, privacy: null };
  await offload.combine({ facts, updates, ...before });
}

async function measured(
  line: { readonly work: string; readonly where: string; readonly updates: number },
  work: () => Promise<void>,
): Promise<void> {
  // What earlier cases left is not this one's.
  globalThis.gc?.();
  const turns = watchTurns();
  const started = performance.now();
  await work();
  const seconds = (performance.now() - started) / 1000;
  const { p99, worst } = await turns.end();
  console.log(JSON.stringify({ ...line, seconds: Number(seconds.toFixed(2)), p99, worst }));
}

/** Notes how long each turn of the loop takes. */
function watchTurns(): { end(): Promise<{ readonly p99: number; readonly worst: number }> } {
  const lengths: number[] = [];
  let last = performance.now();
  const note = (): void => {
    const now = performance.now();
    lengths.push(now - last);
    last = now;
  };
  const timer = setInterval(note, 1);
  return {
    async end() {
      // One more turn, so that a long one at the very end is seen.
      await setTimeout(5);
      clearInterval(timer);
      const round = (ms: number): number => Number(ms.toFixed(1));
      return { p99: round(waitAt(0.01, lengths)), worst: round(Math.max(...lengths)) };
    },
  };
}

/** The wait that only so small a share of all moments has before it: within a turn of g ms waits are spread evenly up to g. */
function waitAt(share: number, turns: readonly number[]): number {
  const total = turns.reduce((sum, turn) => sum + turn, 0);
  const longer = (wait: number): number =>
    turns.reduce((sum, turn) => sum + Math.max(0, turn - wait), 0);
  let [low, high] = [0, Math.max(...turns)];
  for (let step = 0; step < 40; step++) {
    const middle = (low + high) / 2;
    if (longer(middle) > share * total) low = middle;
    else high = middle;
  }
  return high;
}
