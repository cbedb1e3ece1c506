/** What a coordinator process forgets from time to time. */
import { sweepOrphans } from "@fedtune/db";
import type { Parts } from "./process-parts.ts";
import type { OpenRun } from "./run-registry.ts";

/** How often expired sessions and nonces are forgotten. */
const CREDENTIALS_MS = 300_000;
/** How often blobs that nothing names are looked for, and how old they must be: uploads under way are younger. */
const BLOBS_MS = 3_600_000;
const YOUNG_MS = 24 * 3_600_000;

/** Sweeps until the result is called. What cannot be swept now is swept later. */
export function startSweeping(parts: Parts, runs: () => readonly OpenRun[]): () => void {
  const { security, failed } = parts;
  const timers = [
    setInterval(() => void security.sweep().catch(failed("sweeping credentials")), CREDENTIALS_MS),
    setInterval(() => void sweepBlobs(parts, runs()).catch(failed("sweeping blobs")), BLOBS_MS),
  ];
  for (const timer of timers) timer.unref();
  return () => {
    for (const timer of timers) clearInterval(timer);
  };
}

/** First adapters are named by no row: those of open runs are kept. */
async function sweepBlobs(
  { database, blobs, lister }: Parts,
  runs: readonly OpenRun[],
): Promise<void> {
  const first = runs.flatMap(({ coordinator }) =>
    coordinator.setup.tiers.flatMap(({ initialBlob }) => initialBlob?.hash ?? []),
  );
  const keep = new Set<string>(first);
  await sweepOrphans({ database, blobs, lister, olderThanMs: YOUNG_MS, keep });
}
