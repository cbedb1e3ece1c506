/** One client's device, drawn from the run's seed and the client's index alone. */
import type { Rng } from "@fedtune/core";
import type { DevicesConfig } from "./config.ts";

/** What a device can do; the same for the whole run. */
export interface Device {
  /** Name of its class; null where there are none. */
  readonly kind: string | null;
  /** Null: training takes no time. */
  readonly examplesPerSecond: number | null;
  /** Bits per second; null: no limit. */
  readonly uploadRate: number | null;
  readonly downloadRate: number | null;
  /** One way. */
  readonly latencyMs: number;
}

/**
 * Draws a device: a class by the shares, then speed, bandwidth and latency, lognormal about their medians. The draws of a
 * field do not depend on any other field's settings.
 */
export function drawDevice(config: DevicesConfig, rng: Rng): Device {
  const { classes, ...common } = config;
  const kind = drawClass(classes, rng.fork("class").uniform());
  const of = { ...common, ...kind };
  const factor = (name: string, sigma: number): number =>
    sigma === 0 ? 1 : Math.exp(sigma * rng.fork(name).normal());
  const bandwidth = factor("bandwidth", of.bandwidthSigma);
  const rate = (mbps: number | null): number | null =>
    mbps === null ? null : mbps * 1e6 * bandwidth;
  const { examplesPerSecond: speed } = of;
  return {
    kind: kind?.name ?? null,
    examplesPerSecond: speed === null ? null : speed * factor("speed", of.speedSigma),
    uploadRate: rate(of.uploadMbps),
    downloadRate: rate(of.downloadMbps),
    latencyMs: of.latencyMs === 0 ? 0 : of.latencyMs * factor("latency", of.latencySigma),
  };
}

/** The class in whose part of the shares `uniform` lies. */
function drawClass(
  classes: DevicesConfig["classes"],
  uniform: number,
): Partial<DevicesConfig["classes"][number]> | undefined {
  const total = classes.reduce((sum, { share }) => sum + share, 0);
  let left = uniform * total;
  for (const kind of classes) {
    left -= kind.share;
    if (left < 0) return said(kind);
  }
  const last = classes.at(-1);
  return last === undefined ? undefined : said(last);
}

/** Without the fields that are absent, so that they do not hide the common ones. */
function said<T extends object>(kind: T): Partial<T> {
  return Object.fromEntries(
    Object.entries(kind).filter(([, value]) => value !== undefined),
  ) as Partial<T>;
}

/** Milliseconds that a blob takes. */
export function transferMs(
  { latencyMs, uploadRate, downloadRate }: Device,
  { direction, bytes }: { readonly direction: "up" | "down"; readonly bytes: number },
): number {
  const rate = direction === "up" ? uploadRate : downloadRate;
  return latencyMs + (rate === null ? 0 : (8000 * bytes) / rate);
}
