/** What this device can do, and what it is allowed to. */
import type { BrowserBackendName, BrowserPassedOver } from "../training/types.ts";
import type { Problem } from "./invitation.ts";

/** What computes. */
export type BrowserBackend = BrowserBackendName;

/** What a check of the device found. */
export interface DeviceFacts {
  readonly backend: BrowserBackend;
  /** Name of the graphics card where the browser tells it. */
  readonly card: string | null;
  /** Threads of the processor that are used; 1 on a graphics card. */
  readonly threads: number;
  /** Training steps a second at full text length: shorter texts are faster. */
  readonly stepsPerSecond: number;
  /** What model, data and one step take, and what may be used here; estimated. */
  readonly memory: { readonly neededBytes: number; readonly limitBytes: number };
  /** Time that one round takes here at most; null: not known. */
  readonly roundSeconds: number | null;
  /** Backends that were tried before, with the reason for each. */
  readonly passedOver: readonly BrowserPassedOver[];
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
