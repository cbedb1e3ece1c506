/** Why a method cannot combine given adapters, before anything is computed. */
import { methods } from "@fedtune/aggregators";
import { FedtuneError, describePlan } from "@fedtune/core";
import type { Method } from "@fedtune/core";
import type { AdapterToCombine } from "./tiers.ts";

/** The error for a method that cannot do what it was asked for. */
export function conflict(
  { name }: Pick<Method, "name">,
  why: string,
  data: Readonly<Record<string, unknown>> = {},
): FedtuneError {
  const message = `Cannot combine finished adapters by "${name}": ${why}`;
  return new FedtuneError("config-conflict", message, { data: { method: name, ...data } });
}

/**
 * Checks what the method claims against the adapters' kinds and ranks and the rank that the result shall have.
 *
 * @throws FedtuneError `config-conflict` with the reason, and the methods that would do
 */
export function checkClaims(
  adapters: readonly AdapterToCombine[],
  { method, rank }: { readonly method: Method; readonly rank?: number | undefined },
): void {
  const [first] = adapters;
  if (first === undefined) throw new RangeError("Cannot combine no adapters at all");
  checkProduct(first, method);
  if (describePlan(method).sparse) {
    const why = "it adds sparse changes to the adapter and the optimiser of a running server";
    throw conflict(method, `${why}, which files do not have`);
  }
  if (method.claims.ranks === "separate") checkOneRank(adapters, { method, rank });
  if (rank === undefined) return;
  const sum = adapters.reduce((total, adapter) => total + adapter.rank, 0);
  if (method.claims.changesBase === true && rank !== sum) {
    const why = `its result is exact and takes the rank that it needs, not ${rank}`;
    throw conflict(method, `${why}; ${thatCut(first)} cuts to any rank`, { rank });
  }
  if (rank > sum) {
    const why = `no result has more than rank ${sum}, the sum of the folders' ranks; wanted was ${rank}`;
    throw conflict(method, why, { rank, largest: sum });
  }
}

function checkProduct({ kind, name }: AdapterToCombine, method: Method): void {
  const { products } = method.claims;
  if (products.includes(kind.product)) return;
  const wanted = products.join(" or ");
  const why = `it takes adapters of product ${wanted}, but ${name} is a ${kind.name} adapter (${kind.product})`;
  throw conflict(method, why, { kind: kind.name, products });
}

interface Wanted {
  readonly method: Method;
  readonly rank?: number | undefined;
}

/** A method that averages factors has nothing to average where their number or their scaling differs. */
function checkOneRank(adapters: readonly AdapterToCombine[], { method, rank }: Wanted): void {
  const [first, ...others] = adapters;
  if (first === undefined) return;
  const names = jointMethods(first).map(({ name }) => name);
  const advice = `${listText(names)} take any mix of ranks`;
  const other = others.find((adapter) => settingsText(adapter) !== settingsText(first));
  if (other !== undefined) {
    const [here, there] = [first, other].map((one) => `${one.name} has ${settingsText(one)}`);
    const why = `it averages factors of one rank, but ${here ?? ""} and ${there ?? ""}; ${advice}`;
    throw conflict(method, why, { ranks: adapters.map((adapter) => adapter.rank) });
  }
  if (rank !== undefined && rank !== first.rank) {
    const why = `its result has the folders' rank ${first.rank}, not ${rank}; ${thatCut(first)} cuts to any rank`;
    throw conflict(method, why, { rank });
  }
}

function settingsText({ kind, rank, loraAlpha }: AdapterToCombine): string {
  return `rank ${rank} and lora_alpha ${loraAlpha} (${kind.name})`;
}

/** Methods of the registry that take finished adapters of any mix of ranks. */
function jointMethods({ kind }: AdapterToCombine): Method[] {
  return methods.filter(
    (method: Method) =>
      method.claims.ranks === "joint" &&
      method.claims.products.includes(kind.product) &&
      !describePlan(method).sparse,
  );
}

/** The first of them that leaves the base as it is. */
function thatCut(adapter: AdapterToCombine): string {
  const found = jointMethods(adapter).find(({ claims }) => claims.changesBase !== true);
  return found?.name ?? "no method";
}

function listText(names: readonly string[]): string {
  return [names.slice(0, -1).join(", "), ...names.slice(-1)].filter(Boolean).join(" and ");
}
