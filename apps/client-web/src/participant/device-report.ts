/** What this device can do, and what it is allowed to. */
import type { Problem } from "./invitation.ts";

/** What computes, best first. */
export const browserBackends = ["webgpu", "webgl", "wasm", "cpu"] as const;
/** One of {@link browserBackends}. */
export type BrowserBackend = (typeof browserBackends)[number];

/** A backend that was tried and not taken. */
export interface PassedOver {
  readonly backend: BrowserBackend;
  /** One English sentence of why. */
  readonly reason: string;
}

/** What a check of the device found. */
export interface DeviceFacts {
  readonly backend: BrowserBackend;
  /** Threads of the processor that are used; null on a graphics card. */
  readonly threads: number | null;
  /** Optimiser steps a second with this run's model and batches, or an estimate from the speed test. */
  readonly stepsPerSecond: number;
  /** Bytes that model, adapter and one batch take; null: not known. */
  readonly memoryBytes: number | null;
  /** Time that one round takes here; null: not known before the file is. */
  readonly roundSeconds: number | null;
  readonly passedOver: readonly PassedOver[];
  /** How the device may be described to the organiser: browser and version. */
  readonly browser: string;
}

/** The check of this device. */
export type DeviceState =
  | { readonly kind: "none" }
  | {
      readonly kind: "checking";
      readonly step: "download" | "backend" | "speed";
      /** Of the download of the base model; null in other steps. */
      readonly doneBytes: number | null;
      readonly totalBytes: number | null;
    }
  | { readonly kind: "problem"; readonly problem: Problem }
  | { readonly kind: "fit"; readonly facts: DeviceFacts };

/** How hard the device may work: pauses between steps. */
export type Effort = "gentle" | "normal" | "full";

/** Power of the device. */
export interface Power {
  readonly source: "mains" | "battery" | "unknown";
  /** Share of the charge, 0 to 1; null: not known. */
  readonly charge: number | null;
}

/** What the holder has set; kept in this browser. */
export interface Settings {
  readonly effort: Effort;
  /** Pauses by itself on battery. */
  readonly onlyOnMains: boolean;
  readonly keepScreenOn: boolean;
  /** Null: the best that works. */
  readonly backend: BrowserBackend | null;
  /** Most epsilon over all runs of one file; null: no limit of this device's own. */
  readonly budgetEpsilon: number | null;
}
