/** The round that finished adapters could have come from: a method's state before it, and its plan. */
import { FedtuneError, factorRoles, factorView, rngFromSeed } from "@fedtune/core";
import type { Factor, FactorRole, Layout, Method, Plan } from "@fedtune/core";
import { conflict } from "./refusals.ts";
import type { FileTiers } from "./tiers.ts";

/** One adapter, with its tier's scaling. */
export interface Client {
  readonly name: string;
  readonly rank: number;
  readonly weight: number;
  /** `[layout.size]` of its tier. */
  readonly values: Float32Array;
}

/** A method before the round that closes. */
export interface OpenRound {
  readonly state: unknown;
  readonly round: number;
  readonly plan: Plan;
  readonly tiers: FileTiers;
}

/** What the method is asked for. */
export interface RoundTask {
  readonly method: Method;
  readonly options: unknown;
  readonly tiers: FileTiers;
}

/** Methods that take turns with factors have two kinds of rounds; more are not known. */
const ROUNDS = [1, 2] as const;

/**
 * Opens the first of a method's rounds that fits: the adapters agree in every factor that does not travel in it.
 *
 * @throws FedtuneError `config-conflict` when the method needs more than finished adapters, `adapter-invalid` when
 * factors that it freezes differ
 */
export function openRound(clients: readonly Client[], task: RoundTask): OpenRound {
  const { method, tiers } = task;
  const client = { index: 0, rank: tiers[0].rank, holds: 0 };
  const blank = startingState(clients, factorRoles, task);
  const attempts = ROUNDS.map((round) => {
    const plan = method.plan(blank, round, client);
    return { round, plan, difference: differenceIn(clients, tiers, plan.upload) };
  });
  const [first] = attempts;
  const fitting = attempts.find(({ difference }) => difference === null);
  if (fitting === undefined) {
    if (first?.difference) throw differenceError(first.difference, first.plan, method);
    throw new RangeError(`Cannot find a round of ${method.name}`);
  }
  const { round, plan } = fitting;
  const state = startingState(clients, plan.upload, task);
  checkStart(state, { clients, plan, task });
  return { state, round, plan, tiers };
}

/** The method before the round: the given roles zero, the others as the first adapter of each rank has them. */
function startingState(
  clients: readonly Client[],
  travelling: readonly FactorRole[],
  { method, options, tiers }: RoundTask,
): unknown {
  const initial = (rank: number): Float32Array => startOf(clients, travelling, { rank, tiers });
  return method.init(
    options,
    { tiers, initial, head: "share", uploadCodec: "f32" },
    rngFromSeed(0),
  );
}

function startOf(
  clients: readonly Client[],
  travelling: readonly FactorRole[],
  { rank, tiers }: { readonly rank: number; readonly tiers: FileTiers },
): Float32Array {
  const { layout } = tiers.find((tier) => tier.rank === rank) ?? tiers[0];
  const first = clients.find((client) => client.rank === rank);
  const values = first?.values.slice() ?? new Float32Array(layout.size);
  for (const factor of layout.factors) {
    if (travelling.includes(factor.role)) factorView(values, factor).fill(0);
  }
  return values;
}

/** A factor in which two adapters differ. */
interface Difference {
  readonly factor: Factor;
  readonly names: readonly [string, string];
}

/** The first factor that does not travel and is not the same bits in all adapters of its rank, or null. */
function differenceIn(
  clients: readonly Client[],
  tiers: FileTiers,
  travelling: readonly FactorRole[],
): Difference | null {
  for (const { rank, layout } of tiers) {
    const [first, ...others] = clients.filter((client) => client.rank === rank);
    for (const factor of fixedFactors(layout, travelling)) {
      const other = others.find(
        ({ values }) => first !== undefined && !sameBits(values, first.values, factor),
      );
      if (other !== undefined) return { factor, names: [other.name, first?.name ?? ""] };
    }
  }
  return null;
}

function fixedFactors({ factors }: Layout, travelling: readonly FactorRole[]): Factor[] {
  return factors.filter(({ role }) => !travelling.includes(role));
}

/** A personal factor leaves no common adapter; a frozen one says that the adapters are not of one run. */
function differenceError({ factor, names }: Difference, plan: Plan, method: Method): FedtuneError {
  const data = { method: method.name, factor: factor.name, adapters: names };
  const differ = `${names.join(" and ")} differ in`;
  if (plan.personal.includes(factor.role)) {
    const roles = plan.personal.join(" and ");
    const why = `its ${roles} factors stay with each client, so there is no common adapter`;
    return conflict(method, `${why}; ${differ} "${factor.name}"`, data);
  }
  return new FedtuneError(
    "adapter-invalid",
    `Cannot combine by "${method.name}": it freezes "${factor.name}", but ${differ} it; ` +
      "wanted adapters that started from the same values",
    { data },
  );
}

function sameBits(a: Float32Array, b: Float32Array, factor: Factor): boolean {
  const bits = (values: Float32Array): Uint32Array => {
    const { buffer, byteOffset, length } = factorView(values, factor);
    return new Uint32Array(buffer, byteOffset, length);
  };
  const [x, y] = [bits(a), bits(b)];
  return x.every((word, i) => word === y[i]);
}

interface Opening {
  readonly clients: readonly Client[];
  readonly plan: Plan;
  readonly task: RoundTask;
}

/** A method that starts from frozen factors of its own cannot have been what trained these adapters. */
function checkStart(state: unknown, { clients, plan, task }: Opening): void {
  const { method, tiers } = task;
  for (const { rank, layout } of tiers) {
    const start = startOf(clients, plan.upload, { rank, tiers });
    const held = method.adapter(state, rank);
    if (fixedFactors(layout, plan.upload).every((factor) => sameBits(held, start, factor)))
      continue;
    throw conflict(method, "it starts from frozen factors of its own, which the files do not have");
  }
}
