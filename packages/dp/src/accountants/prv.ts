/**
 * Privacy-loss accounting by Fourier transform: the tight cost of Poisson-sampled and plain Gaussian releases whose
 * number, noise and rates were fixed beforehand or do not depend on what was released.
 *
 * It composes connect-the-dots pairs (see prv-compose.ts), so that `epsilon` is a bound from above up to the window and to
 * rounding, which `upper` adds. `lower` is by Hoeffding's inequality: a split loss is mean-preserving up to step^2 / 8
 * and within one step, so n of them exceed the exact sum by more than n step^2 / 8 + step sqrt(n/2 ln(1/c)) with
 * probability c at most.
 *
 * Departures from Gopi, Lee, Wutschitz 2021 (arXiv 2106.02848): masses are split between grid points instead of rounded to
 * one and shifted to the exact mean, which spares the error term sqrt(n) step on the upper side; the window is Chernoff's
 * for the loss itself instead of a Renyi bound plus 3; both directions are composed, none is assumed to dominate.
 */
import { FedtuneError } from "@fedtune/core";
import type { NeighbouringRelation } from "../events.ts";
import { checkDelta, checkEpsilon, refuseUnknown, understands } from "./accountant.ts";
import type { Accountant, ComposedPrivacy } from "./accountant.ts";
import { componentsOf } from "./components.ts";
import type { Components } from "./components.ts";
import { exactGaussian } from "./gaussian.ts";
import { composeLosses } from "./prv-compose.ts";
import { lossCurve } from "./prv-curve.ts";
import { gaussianLoss, poissonLoss } from "./prv-loss.ts";
import type { PrivacyLoss } from "./prv-loss.ts";
import { meshError, meshFor } from "./prv-mesh.ts";
import type { Mesh } from "./prv-mesh.ts";

/** Share of delta that the lower bound gives to Hoeffding's inequality. */
const LOWER_SHARE = 0.01;
/** The grid's own error must be below this share of delta. */
const MOST_ERROR_SHARE = 0.01;

/** Tight accounting for Poisson-sampled and plain Gaussian releases. */
export const prvAccountant: Accountant = {
  name: "prv",
  summary: "the distribution of the privacy loss by FFT; tight, with bounds on both sides",
  supports: (event, relation) => understands("prv", event, relation),
  compose: (query) => {
    refuseUnknown("prv", query);
    const components = componentsOf(query.events, query.relation);
    if (components.poisson.length > 0) return composed(lossesOf(components, query.relation));
    return exactGaussian(Math.sqrt(components.squaredSignal), "prv");
  },
};

function lossesOf(
  { squaredSignal, poisson }: Components,
  relation: NeighbouringRelation,
): PrivacyLoss[] {
  const plain = squaredSignal > 0 ? [gaussianLoss(Math.sqrt(squaredSignal))] : [];
  return [...plain, ...poisson.map((part) => poissonLoss(part, relation))];
}

function composed(losses: readonly PrivacyLoss[]): ComposedPrivacy {
  const mesh = meshFor(losses);
  const error = meshError(mesh, losses.length);
  const { step, size } = mesh;
  const both = composeLosses(losses, mesh);
  const curves = [
    lossCurve(both.forward, { first: mesh.forward, step }),
    lossCurve(both.backward, { first: mesh.backward, step }),
  ];
  const deltaAt = (epsilon: number) => Math.max(...curves.map((curve) => curve.delta(epsilon)));
  const epsilonAt = (delta: number) => Math.max(...curves.map((curve) => curve.epsilon(delta)));
  const provenance = { accountant: "prv", mesh: { step, size }, warnings: [] } as const;
  return {
    epsilon: (delta) => {
      checkDelta(delta);
      refuseTiny(delta, error, mesh);
      const excess = mostExcess(mesh, LOWER_SHARE * delta);
      const lower = Math.max(0, epsilonAt(delta * (1 + LOWER_SHARE) + error) - excess);
      const upper = epsilonAt(delta - error);
      return { ...provenance, delta, epsilon: epsilonAt(delta), lower, upper };
    },
    delta: (epsilon) => {
      checkEpsilon(epsilon);
      const delta = deltaAt(epsilon);
      const share = LOWER_SHARE * delta;
      const lower =
        delta > 0 ? Math.max(0, deltaAt(epsilon + mostExcess(mesh, share)) - share - error) : 0;
      return { ...provenance, epsilon, delta, lower, upper: Math.min(1, delta + error) };
    },
  };
}

/** By how much split losses may exceed the exact ones in sum, but for a probability. */
function mostExcess({ step, steps }: Mesh, probability: number): number {
  return (steps * step * step) / 8 + step * Math.sqrt((steps / 2) * Math.log(1 / probability));
}

function refuseTiny(delta: number, error: number, { steps }: Mesh): void {
  if (error <= MOST_ERROR_SHARE * delta) return;
  const wanted = error / MOST_ERROR_SHARE;
  throw new FedtuneError(
    "config-conflict",
    `Cannot find epsilon at delta ${delta} over ${steps} sampled steps with the accountant prv: rounding leaves it ` +
      `${wanted.toExponential(1)}; wanted a delta of at least that, or the accountant rdp`,
    { data: { delta, least: wanted } },
  );
}
