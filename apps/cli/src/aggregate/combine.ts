/** One round of a federated method over finished adapters, without clients or server. */
import { FedtuneError, factorView, gatherRoles, rngFromSeed } from "@fedtune/core";
import type { AdapterKind, Factor, FactorRole, Layout, Method, Plan } from "@fedtune/core";

/** A finished adapter and its weight. */
export interface AdapterToCombine {
  /** How messages name it, for example its folder. */
  readonly name: string;
  readonly weight: number;
  /** `[layout.size]`. */
  readonly values: Float32Array;
}

/** What all of them have in common. */
export interface CommonShape {
  readonly layout: Layout;
  readonly kind: AdapterKind;
  readonly rank: number;
  readonly loraAlpha: number;
}

/** How to combine. */
export interface CombineTask {
  readonly method: Method;
  /** The method's own options, parsed. */
  readonly options: unknown;
  readonly shape: CommonShape;
}

/**
 * The global adapter of a round whose clients sent these adapters; `[layout.size]`.
 *
 * Every client is taken to have started at the first adapter's frozen factors and zeros for the trained ones.
 *
 * @throws FedtuneError `config-conflict` when the method needs more than finished adapters, `adapter-invalid` when
 * factors that it freezes differ, `zero-weight`
 */
export function combineAdapters(
  adapters: readonly AdapterToCombine[],
  { method, options, shape }: CombineTask,
): Float32Array {
  const [first] = adapters;
  if (first === undefined) throw new RangeError("Cannot combine no adapters at all");
  const { rank } = shape;
  const plan = planOf(init(method, options, { shape, start: first.values }), { method, rank });
  checkCombinable(method, plan);
  checkFrozen(adapters, shape.layout, { method, plan });
  const start = withoutRoles(first.values, shape.layout, plan.train);
  const state = init(method, options, { shape, start });
  checkStart(method.adapter(state, rank), { start, shape, method, plan });
  const result = aggregate(adapters, { method, state, plan, shape });
  if (result.parts.some((part) => part.kind === "residual")) {
    throw conflict(method, "it changes the base weights, which an adapter's files cannot carry");
  }
  return method.adapter(result.state, rank);
}

interface Start {
  readonly shape: CommonShape;
  readonly start: Float32Array;
}

function init(method: Method, options: unknown, { shape, start }: Start): unknown {
  const { layout, kind, rank } = shape;
  return method.init(
    options,
    {
      tiers: [{ rank, layout, scaling: kind.scaling(shape) }],
      initial: () => start.slice(),
      head: "share",
      uploadCodec: "f32",
    },
    rngFromSeed(0),
  );
}

function planOf(
  state: unknown,
  { method, rank }: { readonly method: Method; readonly rank: number },
) {
  return method.plan(state, 1, { index: 0, rank, holds: 0 });
}

function checkCombinable(method: Method, plan: Plan): void {
  if (plan.personal.length > 0) {
    const roles = plan.personal.join(" and ");
    throw conflict(
      method,
      `its ${roles} factors stay with each client, so there is no common adapter`,
    );
  }
}

function conflict({ name }: Method, why: string): FedtuneError {
  return new FedtuneError(
    "config-conflict",
    `Cannot combine finished adapters by "${name}": ${why}`,
    {
      data: { method: name },
    },
  );
}

interface Planned {
  readonly method: Method;
  readonly plan: Plan;
}

/** Factors that nobody trains must be the same bits everywhere: else the adapters did not come from one run. */
function checkFrozen(
  adapters: readonly AdapterToCombine[],
  layout: Layout,
  { method, plan }: Planned,
): void {
  const [first, ...others] = adapters;
  if (first === undefined) return;
  for (const factor of layout.factors.filter(({ role }) => !plan.train.includes(role))) {
    const other = others.find(({ values }) => !sameBits(values, first.values, factor));
    if (other === undefined) continue;
    throw new FedtuneError(
      "adapter-invalid",
      `Cannot combine by "${method.name}": it freezes "${factor.name}", but ${other.name} and ${first.name} differ ` +
        "in it; wanted adapters that started from the same values",
      { data: { method: method.name, factor: factor.name, adapters: [first.name, other.name] } },
    );
  }
}

function sameBits(a: Float32Array, b: Float32Array, factor: Factor): boolean {
  const [x, y] = [a, b].map((values) => {
    const { buffer, byteOffset, length } = factorView(values, factor);
    return new Uint8Array(buffer, byteOffset, length * 4);
  });
  return x?.every((byte, i) => byte === y?.[i]) === true;
}

function withoutRoles(
  values: Float32Array,
  layout: Layout,
  roles: readonly FactorRole[],
): Float32Array {
  const start = values.slice();
  for (const factor of layout.factors) {
    if (roles.includes(factor.role)) factorView(start, factor).fill(0);
  }
  return start;
}

/** A method that starts from frozen factors of its own cannot have been what trained these adapters. */
function checkStart(held: Float32Array, task: Start & Planned): void {
  const { start, shape, method, plan } = task;
  const frozen = shape.layout.factors.filter(({ role }) => !plan.train.includes(role));
  if (frozen.some((factor) => !sameBits(held, start, factor))) {
    throw conflict(method, "it starts from frozen factors of its own, which the files do not have");
  }
}

interface Round extends Planned {
  readonly state: unknown;
  readonly shape: CommonShape;
}

function aggregate(adapters: readonly AdapterToCombine[], { method, state, plan, shape }: Round) {
  const { layout, rank } = shape;
  const received = gatherRoles(layout, method.adapter(state, rank), plan.upload);
  const facts = {
    round: 1,
    sampled: adapters.length,
    accepted: adapters.length,
    totalWeight: adapters.reduce((sum, { weight }) => sum + weight, 0),
  };
  let previous: object | null = null;
  for (let index = 0; index < method.passes; index++) {
    const sums = method.begin(state, facts, { index, previous });
    for (const [client, { values, weight }] of adapters.entries()) {
      const delta = gatherRoles(layout, values, plan.upload).map((x, i) => x - (received[i] ?? 0));
      method.accumulate(sums, { index: client, rank, weight, roles: plan.upload, delta });
    }
    previous = sums;
  }
  return method.finish(state, previous ?? {}, rngFromSeed(0));
}
