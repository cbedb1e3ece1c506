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
  const kind = drawClass(config.classes, rng.fork("class").uniform());
  const {
    examplesPerSecond = config.examplesPerSecond,
    speedSigma = config.speedSigma,
    uploadMbps = config.uploadMbps,
    downloadMbps = config.downloadMbps,
    bandwidthSigma = config.bandwidthSigma,
    latencyMs = config.latencyMs,
    latencySigma = config.latencySigma,
  } = kind ?? {};
  const factor = (name: string, sigma: number): number =>
    sigma === 0 ? 1 : Math.exp(sigma * rng.fork(name).normal());
  const speed = factor("speed", speedSigma);
  const bandwidth = 1e6 * factor("bandwidth", bandwidthSigma);
  return {
    kind: kind?.name ?? null,
    examplesPerSecond: examplesPerSecond === null ? null : examplesPerSecond * speed,
    uploadRate: uploadMbps === null ? null : uploadMbps * bandwidth,
    downloadRate: downloadMbps === null ? null : downloadMbps * bandwidth,
    latencyMs: latencyMs * factor("latency", latencySigma),
  };
}

type DeviceClass = DevicesConfig["classes"][number];

/** The class in whose part of the shares `uniform` lies; undefined: there are none. */
function drawClass(classes: readonly DeviceClass[], uniform: number): DeviceClass | undefined {
  let left = uniform * classes.reduce((sum, { share }) => sum + share, 0);
  return classes.find(({ share }) => (left -= share) < 0) ?? classes.at(-1);
}

/** Milliseconds that a blob takes. */
export function transferMs(
  { latencyMs, uploadRate, downloadRate }: Device,
  { direction, bytes }: { readonly direction: "up" | "down"; readonly bytes: number },
): number {
  const rate = direction === "up" ? uploadRate : downloadRate;
  return latencyMs + (rate === null ? 0 : (8000 * bytes) / rate);
}
