/** What a server says of the config of the pictures: 36,864 numbers of A in float32 with 96 bytes of header. */
import type { Estimate } from "../new-run/cost-rows.ts";

const up = 4 * 36_864 + 96;
const dense = 4 * (36_864 + 36_864 + 4_620) + 96;
const cohort = 16;
const rounds = 40;
/** Clients that missed a round fetch more: 18 of them are asked. */
const asked = 18;

/** Epsilon after a round of the pictures, at noise 0.62; what it would be at 1.04 is half of it. */
function spentAfter(round: number, noiseMultiplier: number): number {
  return (0.95 * round ** 0.47 + 0.55) * (noiseMultiplier >= 1.04 ? 0.5 : 1);
}

/** An estimate of it. */
export function anEstimate(noiseMultiplier = 0.62): Estimate {
  const limit = 3;
  const curve = Array.from({ length: rounds }, (_, at) => at + 1).map((round): [number, number] => [
    round,
    spentAfter(round, noiseMultiplier),
  ]);
  const atEnd = spentAfter(rounds, noiseMultiplier);
  const within = curve.filter(([, spent]) => spent <= limit).length;
  return {
    ...{ problems: [], config: null },
    cost: {
      ...{ rounds, cohort, adapterBytes: dense },
      numbers: { adapter: 78_348, trained: 78_348, uploaded: 36_864, kept: 41_484 },
      bytes: {
        perRound: { up, down: up },
        perClient: { up: up * rounds, down: up * rounds },
        perRun: { up: up * cohort * rounds, down: up * asked * rounds },
        ...{ snapshot: dense, dense: { up: dense, down: dense } },
      },
      memory: { client: 640e6, coordinator: 18e6 },
      epsilon: {
        ...{ unit: "example", delta: 1e-5, atEnd, limit, noiseMultiplier, curve },
        leastNoiseMultiplier: 1.04,
        exceededAfter: within === rounds ? null : within,
      },
    },
  };
}
