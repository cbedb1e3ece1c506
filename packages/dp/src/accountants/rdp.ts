/** Renyi accounting: additive over steps and rows, whatever their order, and sound for adaptively chosen steps. */
import type { NeighbouringRelation, PrivacyEvent } from "../events.ts";
import { refuseUnknown, understands } from "./accountant.ts";
import type { Accountant } from "./accountant.ts";
import { componentsOf, sensitivityOf } from "./components.ts";
import type { SampledComponent } from "./components.ts";
import { fixedSizeDivergences } from "./rdp-fixed-size.ts";
import { poissonDivergences } from "./rdp-poisson.ts";
import type { SampledGaussian } from "./rdp-poisson.ts";
import { fromRenyiCurve, renyiOrders } from "./renyi.ts";

/** How many mechanisms' divergences are remembered. */
const MOST_REMEMBERED = 256;

/** An accountant over the given orders, each above 1 and ascending; it remembers the divergences of every mechanism. */
export function createRdpAccountant(orders: readonly number[] = renyiOrders): Accountant {
  const divergences = createDivergences(orders);
  return {
    name: "rdp",
    summary: "Renyi divergences over many orders; additive, an upper bound",
    supports: (event, relation) => understands("rdp", event, relation),
    compose: (query) => {
      refuseUnknown("rdp", query);
      return fromRenyiCurve({ accountant: "rdp", orders, divergences: divergences(query) });
    },
  };
}

/** Renyi accounting over the default orders. */
export const rdpAccountant: Accountant = createRdpAccountant();

interface Spend {
  readonly relation: NeighbouringRelation;
  readonly events: readonly PrivacyEvent[];
}

/** The Renyi divergence of a list of events at each order. */
export function createDivergences(orders: readonly number[]): (spend: Spend) => Float64Array {
  const poisson = remembered((mechanism) => poissonDivergences(mechanism, orders));
  const fixedSize = remembered((mechanism) => fixedSizeDivergences(mechanism, orders));
  return ({ relation, events }) => {
    const parts = componentsOf(events, relation);
    const total = Float64Array.from(orders, (order) => (order * parts.squaredSignal) / 2);
    const add = (found: Float64Array, steps: number) => {
      for (let k = 0; k < total.length; k++) total[k] = (total[k] ?? 0) + steps * (found[k] ?? 0);
    };
    const mechanism = ({ samplingRate, noiseMultiplier }: SampledComponent) => ({
      samplingRate,
      noise: noiseMultiplier / sensitivityOf(relation),
    });
    for (const part of parts.poisson) add(poisson(mechanism(part)), part.steps);
    for (const part of parts.fixedSize) add(fixedSize(mechanism(part)), part.steps);
    return total;
  };
}

function remembered(
  compute: (mechanism: SampledGaussian) => Float64Array,
): (mechanism: SampledGaussian) => Float64Array {
  const known = new Map<string, Float64Array>();
  return (mechanism) => {
    const key = `${mechanism.samplingRate} ${mechanism.noise}`;
    const found = known.get(key) ?? compute(mechanism);
    known.delete(key);
    known.set(key, found);
    const [oldest] = known.keys();
    if (known.size > MOST_REMEMBERED && oldest !== undefined) known.delete(oldest);
    return found;
  };
}
