/** A run on slow devices whose clients leave, come back and are late: what is uploaded is often broken off or not taken. */
import type { SimulationOptions } from "../simulated-run.ts";
import { devicesSchema } from "../realism/config.ts";
import { clients, config, options } from "./toy-run.ts";

/** The ways in which rounds are played. */
export const restlessModes = ["synchronous", "buffered"] as const;

/** Config and options of such a run; `overrides` are of the options. */
export function restlessRun(
  mode: (typeof restlessModes)[number],
  overrides: Partial<SimulationOptions>,
) {
  const devices = {
    trace: null,
    config: devicesSchema.parse({
      ...{ examplesPerSecond: 10, speedSigma: 0.5, uploadMbps: 0.01, latencyMs: 100 },
      dropouts: { training: 0.2, uploading: 0.4, secondsAway: 30 },
      stragglers: { probability: 0.2, slowdown: 5 },
    }),
  };
  const rounds = {
    ...{ mode, numRounds: 15, minAvailableClients: 2, minFitClients: 2 },
    ...{ roundTimeoutMs: 60_000, uploadGraceMs: 0, maxAttempts: 50 },
    ...(mode === "buffered" ? {} : { fractionFit: 0.5, overSelection: 2 }),
  };
  const owners = clients.map((client, k) => ({ ...client, examples: 100 * (k + 1) }));
  return {
    config: { ...config, rounds },
    options: options({ clients: owners, devices, ...overrides }),
  };
}
