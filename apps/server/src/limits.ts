/** How much one client, and all of them together, may ask of a server. */
import { maxSparseBlobBytes } from "@fedtune/core";
import type { Clock, RunSetup } from "@fedtune/core";

/** Bounds against faults and abuse; generous for clients that behave. */
export interface ServerLimits {
  /** Live connections, over all runs. */
  readonly maxConnections: number;
  /** Control messages of one connection that are taken at once. */
  readonly messageBurst: number;
  /** Control messages of one connection per second beyond the burst. */
  readonly messagesPerSecond: number;
  /** A connection that says no hello within this time is cut. */
  readonly helloTimeoutMs: number;
  /** Longest time for one upload. */
  readonly uploadTimeoutMs: number;
  /** Longest wait for requests under way when the server closes. */
  readonly closeTimeoutMs: number;
}

/** The limits of a server that names none. */
export const defaultLimits: ServerLimits = {
  maxConnections: 10_000,
  messageBurst: 60,
  messagesPerSecond: 20,
  helloTimeoutMs: 10_000,
  uploadTimeoutMs: 600_000,
  closeTimeoutMs: 5_000,
};

/** Bytes that an upload may have beyond float32 values: its header, with room. */
const HEADER_ALLOWANCE = 4096;

/** The longest upload that any plan of a run can ask for. */
export function maxUploadBytes({ tiers }: RunSetup): number {
  const length = Math.max(...tiers.map((tier) => tier.layout.size));
  const sparse = maxSparseBlobBytes("f32", { length, kept: length });
  return Math.max(4 * length + HEADER_ALLOWANCE, sparse);
}

/** A token bucket: each call takes a token; false when there is none. */
export function tokenBucket(
  clock: Clock,
  { burst, perSecond }: { readonly burst: number; readonly perSecond: number },
): () => boolean {
  let tokens = burst;
  let last = clock.now();
  return () => {
    const now = clock.now();
    tokens = Math.min(burst, tokens + ((now - last) / 1000) * perSecond);
    last = now;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
}
