/** What a method has its clients do, asked of the method itself. */
import { adapterLayout } from "./adapter/initial.ts";
import { adapterKinds } from "./adapter/kinds/registry.ts";
import type { FactorRole } from "./adapter/layout.ts";
import type { ResolvedRun } from "./config/run-config.ts";
import type { HeadPolicy, Method } from "./method.ts";
import { rngFromSeed } from "./rng.ts";

/** What clients do in the first round; roles of factors. */
export interface PlanDescription {
  readonly trains: readonly FactorRole[];
  readonly uploads: readonly FactorRole[];
  /** Stays with the client from round to round. */
  readonly keeps: readonly FactorRole[];
  /** Whether only the largest changes are uploaded. */
  readonly sparse: boolean;
}

/** What an adapter of a run lacks at its coordinator: roles that stay with the clients, the run's changes of the `base`. */
export function lacksOf({ method, methodConfig, config }: ResolvedRun): readonly string[] {
  const { keeps } = describePlan(method, { methodConfig, config });
  return method.claims.changesBase === true ? [...keeps, "base"] : keeps;
}

const tiny = { rank: 1, loraAlpha: 1 };
const layer = { name: "layer", in: 2, out: 2 };
const head = { name: "classifier", module: "classifier", role: "head", shape: [2, 2] } as const;

/** What decides a plan besides the method itself; its defaults without. */
export interface PlanSettings {
  readonly methodConfig: unknown;
  readonly config: { readonly head: HeadPolicy };
}

/** Asks the method itself, with one tiny layer and a head. */
export function describePlan(method: Method, settings?: PlanSettings): PlanDescription {
  const { products } = method.claims;
  const kind = adapterKinds.find(({ product }) => products.includes(product)) ?? adapterKinds[0];
  const layout = adapterLayout(kind, tiny, { modules: [layer], head: [head] });
  const state = method.init(
    settings?.methodConfig ?? method.config.parse({}),
    {
      tiers: [{ rank: tiny.rank, layout, scaling: kind.scaling(tiny) }],
      initial: () => new Float32Array(layout.size),
      head: settings?.config.head ?? method.defaultHead,
      uploadCodec: "f32",
    },
    rngFromSeed(0),
  );
  const plan = method.plan(state, 1, { index: 0, rank: tiny.rank, holds: null });
  const sparse = plan.sparsify !== null;
  return { trains: plan.train, uploads: plan.upload, keeps: plan.personal, sparse };
}
