/** Rounds of small runs as an offload sees them: uploaded blobs and a method's state, without clients or an engine. */
import { combiners, methods } from "@fedtune/aggregators";
import {
  adapterKind,
  adapterKinds,
  adapterLayout,
  encodeSparseBlob,
  encodeVectorBlob,
  pick,
  prepareRun,
  resolveRun,
  rngFromSeed,
  runId,
  selectRoles,
  supportOf,
} from "@fedtune/core";
import type {
  Blobs,
  CombineJob,
  Digest,
  ExpectedUpdate,
  Method,
  Offload,
  RunSetup,
} from "@fedtune/core";
import { privacyRules } from "@fedtune/dp";
import { nodeHash } from "@fedtune/node-ports";

const modules = [
  { name: "encoder.layer.0.attention.self.query", in: 6, out: 5 },
  { name: "encoder.layer.0.attention.self.value", in: 4, out: 7 },
];
const head = [
  { name: "classifier.weight", module: "classifier", role: "head" as const, shape: [2, 3] },
];
const registries = { methods, combiners, kinds: adapterKinds, privacy: privacyRules };

/** A prepared run of any config over two small modules. */
export function smallSetup(config: Readonly<Record<string, unknown>>): RunSetup {
  const task = { kind: "sequence-classification", labels: ["no", "yes"] };
  const resolved = resolveRun({ task, ...config }, registries, nodeHash);
  const kind = adapterKind(resolved.config.adapter.kind);
  return prepareRun(runId("small"), resolved, {
    describe: (adapter) => ({
      layout: adapterLayout(kind, adapter, { modules, head }),
      modules,
    }),
    weights: (name) => {
      const rng = rngFromSeed(`weight of ${name}`);
      const { in: inputs, out } = modules.find((module) => module.name === name)!;
      return Float32Array.from({ length: inputs * out }, () => rng.uniform() - 0.5);
    },
    hash: nodeHash,
  });
}

/** A kind that the method accepts. */
export function kindFor({ claims }: Method): string {
  return adapterKinds.find(({ product }) => claims.products.includes(product))!.name;
}

/** One client's upload: where it lies, and what the run expects of it. */
export interface Upload {
  readonly index: number;
  readonly weight: number;
  readonly hash: Digest;
  readonly expected: ExpectedUpdate;
}

/** Random updates as the plans of a round want them, stored. */
export async function uploads(
  setup: RunSetup,
  blobs: Blobs,
  at: { readonly state: unknown; readonly round: number; readonly clients: number },
): Promise<Upload[]> {
  const { state, round, clients } = at;
  const rng = rngFromSeed(`uploads of round ${String(round)}`);
  const all = Array.from({ length: clients }, async (_, index): Promise<Upload> => {
    const { rank, layout, layoutHash } = setup.tiers[index % setup.tiers.length]!;
    const plan = setup.resolved.method.plan(state, round, { index, rank, holds: null });
    const packed = selectRoles(layout, plan.upload);
    const stream = rng.fork(String(index));
    const whole = Float32Array.from({ length: packed.size }, () => stream.uniform() - 0.5);
    const header = { kind: "update", codec: plan.codec, round, layoutHash } as const;
    const support = plan.sparsify === null ? null : supportOf(packed, whole, plan.sparsify);
    const bytes =
      support === null
        ? encodeVectorBlob({ ...header, values: whole })
        : encodeSparseBlob({ ...header, support, values: pick(whole, support), size: packed.size });
    const { hash } = await blobs.put(bytes, nodeHash.sha256(bytes));
    const { maxNorm } = setup.resolved.config.firewall;
    const kept = support?.length ?? null;
    const expected = { round, codec: plan.codec, layoutHash, length: packed.size, kept, maxNorm };
    return { index, weight: 1 + index, hash, expected };
  });
  return Promise.all(all);
}

/** A round closed over some uploads. */
function closing(
  round: number,
  sent: readonly Upload[],
  before: Pick<CombineJob, "state" | "stateBlob" | "privacy">,
): CombineJob {
  const totalWeight = sent.reduce((sum, { weight }) => sum + weight, 0);
  const facts = { round, sampled: sent.length, accepted: sent.length, totalWeight };
  const updates = sent.map(({ index, weight, hash }) => ({ index, round, weight, hash }));
  return { facts, updates, ...before };
}

/** Plays rounds with one offload; what each comes to. States go on from the first one's bytes. */
export async function playRounds(
  setup: RunSetup,
  blobs: Blobs,
  {
    offload,
    rounds,
    clients,
  }: { readonly offload: Offload; readonly rounds: number; readonly clients: number },
) {
  const { method, methodConfig } = setup.resolved;
  let before: Pick<CombineJob, "state" | "stateBlob" | "privacy"> = {
    state: setup.initialState,
    stateBlob: null,
    privacy: null,
  };
  const played = [];
  for (let round = 1; round <= rounds; round++) {
    const sent = await uploads(setup, blobs, { state: before.state, round, clients });
    const checked = await Promise.all(
      sent.map(({ hash, expected }) => offload.check(hash, expected)),
    );
    const { combined, state } = await offload.combine(closing(round, sent, before));
    played.push({ checked, combined });
    await blobs.put(combined.state.bytes, combined.state.ref.hash);
    before = {
      state:
        state === null
          ? method.decode(combined.state.bytes, methodConfig, setup.context)
          : state.value,
      stateBlob: combined.state.ref,
      privacy: combined.privacy,
    };
  }
  return played;
}
