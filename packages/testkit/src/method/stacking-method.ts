/**
 * A method that exists only for tests, so that the contracts carry what fedavg never asks of them: ranks that reach
 * one another, a base that changes, a chain of parts that a client which skipped rounds must catch up with.
 *
 * Stacking as in FLoRA (Wang et al. 2024, arXiv:2409.05976): the weighted products of all clients, whatever their
 * rank, go into the base as one factored residual; then every tier starts anew with a fresh A `[r, in]` and B = 0.
 */
import {
  factorView,
  FedtuneError,
  float32Bytes,
  gatherRoles,
  noOptions,
  scatterRoles,
  selectRoles,
} from "@fedtune/core";
import type {
  CodecName,
  FactoredResidual,
  FactorRole,
  Method,
  MethodUpdate,
  NoOptions,
  PlannedClient,
  Rng,
  Tier,
} from "@fedtune/core";

interface StackingTier extends Tier {
  readonly values: Float32Array;
}

interface StackingState {
  readonly round: number;
  readonly codec: CodecName;
  readonly tiers: readonly StackingTier[];
}

/** One client's trained pair with its weight. */
interface Layer {
  readonly tier: StackingTier;
  readonly weight: number;
  readonly values: Float32Array;
}

interface Stack {
  readonly round: number;
  readonly tiers: readonly StackingTier[];
  readonly layers: Layer[];
  count: number;
}

const roles: readonly FactorRole[] = ["down", "up"];

/** The method; its head stays frozen. */
export const stackingMethod: Method<NoOptions, StackingState> = {
  name: "test-stacking",
  summary: "Stacks all products into the base",
  paper: {
    title:
      "FLoRA: Federated Fine-Tuning Large Language Models with Heterogeneous Low-Rank Adaptations",
    id: "arXiv:2409.05976",
    equations: "the stacked aggregation",
  },
  config: noOptions,
  claims: {
    exactProduct: true,
    linear: false,
    meanOnly: false,
    freezes: ["head"],
    personal: [],
    products: ["BA"],
    memory: "clients",
    canonical: false,
    ranks: "joint",
  },
  defaultHead: "freeze",
  passes: 1,
  init: (_config, { tiers, initial, uploadCodec }) => ({
    round: 0,
    codec: uploadCodec,
    tiers: tiers.map((tier) => ({ ...tier, values: initial(tier.rank) })),
  }),
  plan: ({ codec }, _round, { rank }) => ({
    rank,
    train: roles,
    upload: roles,
    personal: [],
    codec,
    sparsify: null,
    coldStart: "zero",
  }),
  download,
  live: (state) =>
    state.tiers.flatMap(({ rank }) => download(state, { index: 0, rank, holds: null })),
  begin: ({ tiers }, { round }): Stack => ({ round, tiers, layers: [], count: 0 }),
  accumulate(stack, update) {
    push(stack as Stack, update);
  },
  finish(state, stack, rng) {
    const { round, layers, count } = stack as Stack;
    if (count === 0) throw new FedtuneError("no-updates", "Cannot stack 0 updates");
    if (layers.length === 0)
      throw new FedtuneError("zero-weight", "Cannot stack updates of weight 0");
    const tiers = state.tiers.map((tier) => renewed(tier, rng));
    const factors = tiers.map(({ rank, layout, values }) => ({
      kind: "factors" as const,
      id: `round-${String(round)}/rank-${String(rank)}`,
      rank,
      roles,
      values: gatherRoles(layout, values, roles),
    }));
    const base = { kind: "residual" as const, id: basePart(round), modules: residuals(layers) };
    return {
      state: { ...state, round, tiers },
      parts: [base, ...factors],
      metrics: { layers: layers.length },
    };
  },
  adapter: ({ tiers }, rank) => tierOf(tiers, rank).values.slice(),
  encode({ round, tiers }) {
    const vectors = [Float32Array.of(round), ...tiers.map(({ values }) => values)];
    return Uint8Array.from(vectors.flatMap((vector) => [...float32Bytes(vector)]));
  },
  decode(bytes, _config, { tiers, uploadCodec }) {
    const values = new Float32Array(bytes.slice().buffer);
    let at = 1;
    const take = (size: number) => values.slice(at, (at += size));
    return {
      round: values[0] ?? 0,
      codec: uploadCodec,
      tiers: tiers.map((tier) => ({ ...tier, values: take(tier.layout.size) })),
    };
  },
};

function download({ round }: StackingState, { rank, holds }: PlannedClient): string[] {
  const from = holds ?? 0;
  if (from === round) return [];
  const bases = Array.from({ length: round - from }, (_, i) => basePart(from + i + 1));
  return [...bases, `round-${String(round)}/rank-${String(rank)}`];
}

function basePart(round: number): string {
  return `round-${String(round)}/base`;
}

function push(stack: Stack, { rank, weight, delta }: MethodUpdate): void {
  const tier = tierOf(stack.tiers, rank);
  const packed = gatherRoles(tier.layout, tier.values, roles);
  if (delta.length !== packed.length) {
    throw new FedtuneError("shape-mismatch", `Cannot stack ${String(delta.length)} values`);
  }
  stack.count += 1;
  if (weight === 0) return;
  stack.layers.push({ tier, weight, values: packed.map((value, i) => value + delta[i]!) });
}

/** Per module: columns p_k s_k B_k `[out, R]` against rows A_k `[R, in]`, R the sum of the clients' ranks. */
function residuals(layers: readonly Layer[]): FactoredResidual[] {
  const total = layers.reduce((sum, { weight }) => sum + weight, 0);
  const pairs = layers.map(({ tier, weight, values }) => {
    const packed = selectRoles(tier.layout, roles);
    const of = (role: FactorRole) =>
      packed.factors
        .filter((factor) => factor.role === role)
        .map((factor) => ({ factor, data: factorView(values, factor) }));
    return {
      down: of("down"),
      up: of("up"),
      rank: tier.rank,
      scale: (weight / total) * tier.scaling,
    };
  });
  const rank = pairs.reduce((sum, pair) => sum + pair.rank, 0);
  return pairs[0]!.up.map(({ factor: { module, shape } }, m) => {
    const rows = Array.from({ length: shape[0]! }, (_, row) =>
      pairs.flatMap((pair) => {
        const data = pair.up[m]!.data.subarray(row * pair.rank, (row + 1) * pair.rank);
        return [...data].map((value) => pair.scale * value);
      }),
    );
    const right = pairs.flatMap((pair) => [...pair.down[m]!.data]);
    return { module, rank, left: Float32Array.from(rows.flat()), right: Float32Array.from(right) };
  });
}

/** A tier that starts anew: A fresh, B zero. */
function renewed(tier: StackingTier, rng: Rng): StackingTier {
  const values = tier.values.slice();
  const packed = selectRoles(tier.layout, roles);
  const fresh = new Float32Array(packed.size);
  for (const { name, role, offset, size } of packed.factors) {
    const stream = rng.fork(`${name} of rank ${String(tier.rank)}`);
    for (let i = offset; role === "down" && i < offset + size; i++)
      fresh[i] = stream.uniform() - 0.5;
  }
  scatterRoles(tier.layout, values, { roles, packed: fresh });
  return { ...tier, values };
}

function tierOf(tiers: readonly StackingTier[], rank: number): StackingTier {
  const tier = tiers.find((candidate) => candidate.rank === rank);
  if (tier === undefined)
    throw new FedtuneError("layout-mismatch", `Cannot find rank ${String(rank)}`);
  return tier;
}
