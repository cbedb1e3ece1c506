/** Time of epsilon queries over 100,000 private steps, cold and warm; one JSON line each. The limit is 100 ms, warm. */
import { accountants } from "@fedtune/dp";
import type { AccountantName, PrivacyEvent, PrivacyQuery } from "@fedtune/dp";

const DELTA = 1e-6;
const REPEATS = 15;

const poisson = (samplingRate: number, noiseMultiplier: number, steps: number): PrivacyEvent => ({
  mechanism: "poisson-gaussian",
  samplingRate,
  noiseMultiplier,
  steps,
});

const ledgers: Readonly<Record<string, readonly PrivacyEvent[]>> = {
  "one row, rate 1e-4": [poisson(1e-4, 1, 100_000)],
  "one row, rate 1e-2": [poisson(0.01, 1, 100_000)],
  "1,000 rows of 100 steps": Array.from({ length: 1000 }, () => poisson(0.001, 0.8, 100)),
  "four mechanisms": [
    ...[poisson(1e-3, 0.8, 40_000), poisson(2e-3, 1, 30_000), poisson(5e-3, 1.5, 30_000)],
    { mechanism: "gaussian", noiseMultiplier: 50, steps: 10 },
  ],
};

/** Wall and processor milliseconds of one query, nothing of it known before. */
function timed(name: AccountantName, query: PrivacyQuery) {
  const [start, cpu] = [performance.now(), process.cpuUsage()];
  const { epsilon } = accountants[name].compose(query).epsilon(DELTA);
  const { user, system } = process.cpuUsage(cpu);
  return { ms: performance.now() - start, cpuMs: (user + system) / 1000, epsilon };
}

for (const name of ["prv", "rdp"] as const) {
  for (const [title, events] of Object.entries(ledgers)) {
    const query = { relation: "add-or-remove-one", events } as const;
    const first = timed(name, query);
    const runs = Array.from({ length: REPEATS }, () => timed(name, query));
    const least = (key: "ms" | "cpuMs") => Math.min(...runs.map((run) => run[key]));
    console.log(
      JSON.stringify({
        name: `${name}, ${title}`,
        firstMs: Number(first.ms.toFixed(1)),
        ms: Number(least("ms").toFixed(2)),
        cpuMs: Number(least("cpuMs").toFixed(2)),
        epsilon: Number(first.epsilon.toFixed(5)),
      }),
    );
  }
}
