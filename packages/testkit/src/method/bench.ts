/** A method at work on a small model: what the conformance suite measures it on. */
import { adapterLayout, initialAdapter, rngFromSeed } from "@fedtune/core";
import type {
  AdapterKind,
  FactorSpec,
  HeadPolicy,
  LinearModule,
  Method,
  MethodContext,
  Tier,
} from "@fedtune/core";

/** One method with everything that a run would give it. */
export interface MethodSetup {
  readonly method: Method;
  readonly config: unknown;
  readonly context: MethodContext;
}

/** A method on a model whose weight changes can be computed. */
export interface MethodBench extends MethodSetup {
  /** For titles, for example `lora, head share, rank 2+3`. */
  readonly label: string;
  readonly modules: readonly LinearModule[];
}

/** What varies between benches of one method. */
export interface BenchOptions {
  readonly kind: AdapterKind;
  readonly head: HeadPolicy;
  /** Ascending. */
  readonly ranks: readonly [number, ...number[]];
  /** Options of the method, as a run config gives them; its defaults unless given. */
  readonly config?: Readonly<Record<string, unknown>> | undefined;
}

const modules: readonly LinearModule[] = [
  { name: "encoder.layer.0.attention.self.query", in: 6, out: 5 },
  { name: "encoder.layer.0.attention.self.value", in: 4, out: 7 },
];

const headFactors: readonly FactorSpec[] = [
  { name: "classifier.weight", module: "classifier", role: "head", shape: [2, 3] },
  { name: "classifier.bias", module: "classifier", role: "head", shape: [2] },
];

/** A base weight of each module, for kinds whose first values come from it; `[out, in]`. */
const weights = (module: string): Float32Array => {
  const { in: inputs, out } = modules.find(({ name }) => name === module)!;
  const rng = rngFromSeed(`weight of ${module}`);
  return Float32Array.from({ length: out * inputs }, () => rng.uniform() - 0.5);
};

/** Two small modules and a head under one method; everything comes from a fixed seed. */
export function methodBench(method: Method, options: BenchOptions): MethodBench {
  const { kind, head, ranks, config = {} } = options;
  const rng = rngFromSeed("method bench");
  const tierOf = (rank: number): Tier => {
    const settings = { rank, loraAlpha: 4 };
    return {
      rank,
      layout: adapterLayout(kind, settings, { modules, head: headFactors }),
      scaling: kind.scaling(settings),
    };
  };
  const [first, ...others] = ranks;
  const tiers: MethodContext["tiers"] = [tierOf(first), ...others.map(tierOf)];
  const initial = (rank: number): Float32Array =>
    initialAdapter(
      tierIn(tiers, rank).layout,
      { kind, rank, loraAlpha: 4, weights },
      rng.fork("adapter"),
    );
  return {
    label: `${kind.name}, head ${head}, rank ${ranks.join("+")}`,
    method,
    config: method.config.parse(config),
    modules,
    context: { tiers, initial, head, uploadCodec: "f32" },
  };
}

/** The tier of one rank. */
export function tierIn(tiers: readonly Tier[], rank: number): Tier {
  const tier = tiers.find((candidate) => candidate.rank === rank);
  if (tier === undefined) throw new RangeError(`Cannot find a tier of rank ${String(rank)}`);
  return tier;
}
