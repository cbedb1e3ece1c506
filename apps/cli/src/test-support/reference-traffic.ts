/** What travels in the first rounds of a method on the adapter of RoBERTa-large: 24 layers, query and value, rank 8. */
import {
  adapterKinds,
  adapterLayout,
  digest,
  encodePart,
  encodeSparseUpdate,
  gatherRoles,
  keptCount,
  pick,
  rngFromSeed,
  selectRoles,
  supportOf,
  vectorBlobBytes,
} from "@fedtune/core";
import type {
  AdapterKind,
  BroadcastPart,
  Layout,
  Method,
  MethodResult,
  MethodUpdate,
  Plan,
} from "@fedtune/core";

const settings = { rank: 8, loraAlpha: 16 };
const rank = settings.rank;
const modules = Array.from({ length: 24 }, (_, layer) =>
  ["query", "value"].map((name) => ({
    name: `encoder.layer.${String(layer)}.attention.self.${name}`,
    in: 1024,
    out: 1024,
  })),
).flat();
const clients = 3;
const anyHash = digest("0".repeat(64));

/** One direction of one client in one round. */
export interface Amount {
  readonly values: number;
  readonly bytes: number;
}

/** One round of the reference run. */
export interface RoundTraffic {
  readonly round: number;
  readonly plan: Plan;
  readonly up: Amount;
  /** For a client that took part in every round before. */
  readonly down: Amount;
}

/** Traffic of the rounds that differ, and what stays on both sides. */
export interface ReferenceTraffic {
  readonly kind: AdapterKind;
  readonly rounds: readonly RoundTraffic[];
  /** The method's stored state after the last of them. */
  readonly stateBytes: number;
  /** Values of the personal factors that each client keeps. */
  readonly keptValues: number;
}

/** Plays the rounds of a method's cycle with three equal clients whose changes are random; the head is frozen, messages are float32. */
export function referenceTraffic(method: Method): ReferenceTraffic {
  const kind = kindOf(method);
  const { layout, noise } = referenceOf(kind);
  const context = {
    tiers: [{ rank, layout, scaling: kind.scaling(settings) }],
    initial: () => noise[0]?.slice() ?? new Float32Array(layout.size),
    head: "freeze",
    uploadCodec: "f32",
  } as const;
  let state = method.init(method.config.parse({}), context, rngFromSeed(0));
  const rounds: RoundTraffic[] = [];
  for (const round of [1, 2]) {
    const plan = method.plan(state, round, { index: 0, rank, holds: round - 1 });
    // A second round only of methods that take turns: big factors take their time.
    if (rounds.some((earlier) => earlier.plan.upload.join() === plan.upload.join())) continue;
    const start = method.clientAdapter?.(state, rank) ?? method.adapter(state, rank);
    const updates = noise
      .slice(1)
      .map((change, index) => updateOf({ plan, layout, change, index }));
    const result = closeRound(method, state, { round, updates });
    state = result.state;
    const named = method.download(state, { index: 0, rank, holds: round - 1 });
    const parts = result.parts.filter(({ id }) => named.includes(id));
    const down = parts.map((part) => amountOf(part, round, layout));
    const up = uploadOf({ plan, layout, start, change: noise[1] ?? new Float32Array() });
    rounds.push({ round, plan, up, down: sumOf(down) });
  }
  const personal = rounds[0]?.plan.personal ?? [];
  const keptValues = selectRoles(layout, personal).size;
  return { kind, rounds, stateBytes: method.encode(state).length, keptValues };
}

function kindOf({ claims, name }: Method): AdapterKind {
  const kind = adapterKinds.find(({ product }) => claims.products.includes(product));
  if (kind === undefined) throw new RangeError(`No adapter kind has a product that ${name} takes`);
  return kind;
}

interface Reference {
  readonly layout: Layout;
  /** First values, then the clients' changes; each `[layout.size]`. */
  readonly noise: readonly Float32Array[];
}

const references = new Map<AdapterKind, Reference>();

/** Made once per kind: random numbers are what takes the time here. */
function referenceOf(kind: AdapterKind): Reference {
  const known = references.get(kind);
  if (known !== undefined) return known;
  const layout = adapterLayout(kind, settings, { modules, head: [] });
  const noise = Array.from({ length: clients + 1 }, (_, k) => {
    const rng = rngFromSeed(`reference ${String(k)}`);
    return new Float32Array(layout.size).map(() => rng.uniform() - 0.5);
  });
  references.set(kind, { layout, noise });
  return { layout, noise };
}

interface Client {
  readonly plan: Plan;
  readonly layout: Layout;
  readonly change: Float32Array;
}

function updateOf({
  plan,
  layout,
  change,
  index,
}: Client & { readonly index: number }): MethodUpdate {
  const { upload: roles, sparsify } = plan;
  const whole = gatherRoles(layout, change, roles);
  const update = { index, rank, weight: 1, roles, delta: whole };
  if (sparsify === null) return update;
  const support = supportOf(selectRoles(layout, roles), whole, sparsify);
  return { ...update, delta: pick(whole, support), support };
}

interface Closing {
  readonly round: number;
  readonly updates: readonly MethodUpdate[];
}

function closeRound(
  method: Method,
  state: unknown,
  { round, updates }: Closing,
): MethodResult<unknown> {
  const facts = { round, sampled: clients, accepted: clients, totalWeight: clients };
  let previous: object | null = null;
  for (let index = 0; index < method.passes; index++) {
    const sums = method.begin(state, facts, { index, previous });
    for (const update of updates) method.accumulate(sums, update);
    previous = sums;
  }
  return method.finish(state, previous ?? {}, rngFromSeed(round));
}

/** Sparse messages are coded as clients code them; all others have the size that their plan says. */
function uploadOf({
  plan,
  layout,
  start,
  change,
}: Client & { readonly start: Float32Array }): Amount {
  const { upload: roles, sparsify, codec } = plan;
  const packed = selectRoles(layout, roles);
  if (sparsify === null) return { values: packed.size, bytes: vectorBlobBytes(codec, packed.size) };
  const trained = start.map((value, i) => value + (change[i] ?? 0));
  const source = { layout, layoutHash: anyHash, round: 1, roles, codec, start, trained };
  const { bytes } = encodeSparseUpdate({ ...source, sparsify, unsent: null });
  return { values: keptCount(packed, sparsify), bytes: bytes.length };
}

function amountOf(part: BroadcastPart, round: number, layout: Layout): Amount {
  const values =
    part.kind === "residual"
      ? part.modules.reduce((sum, { left, right }) => sum + left.length + right.length, 0)
      : part.values.length;
  const context = { layoutHash: anyHash, modulesHash: anyHash, layout };
  return { values, bytes: encodePart(part, round, context).length };
}

function sumOf(amounts: readonly Amount[]): Amount {
  const sum = { values: 0, bytes: 0 };
  for (const { values, bytes } of amounts) {
    sum.values += values;
    sum.bytes += bytes;
  }
  return sum;
}
