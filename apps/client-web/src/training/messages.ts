/** What a page and its training worker say to each other, beside what every worker with a trainer says. */
import type { AdapterShape, RunSpec } from "@fedtune/core";
import type {
  BrowserPassedOver,
  ChosenBrowserBackend,
  FromWorker,
  PlainError,
  ToWorker,
  TrainerTasks,
} from "@fedtune/training/browser";
import type {
  BrowserTrainerOptions,
  DeviceQuestion,
  DeviceReport,
  EngineProgress,
} from "./types.ts";

/** What a worker is started with. */
export interface BrowserSetup extends Pick<
  BrowserTrainerOptions,
  "model" | "backend" | "kernels" | "threads" | "allowSoftware" | "memoryLimitBytes"
> {
  /** Backends that failed earlier in this tab. */
  readonly avoid: readonly BrowserPassedOver[];
  /** Data files by path. */
  readonly files: ReadonlyMap<string, Blob>;
  /** See `BrowserTrainer.setPace`. */
  readonly pace: number;
}

/** What the worker can be asked for. */
export interface BrowserTasks extends TrainerTasks {
  readonly describe: {
    readonly job: Pick<RunSpec, "adapter" | "task">;
    readonly result: AdapterShape;
  };
  readonly check: { readonly job: DeviceQuestion; readonly result: DeviceReport };
}

/** From page to worker; `setup` comes first, once. */
export type ToTrainingWorker =
  | ToWorker<BrowserTasks>
  | { readonly type: "setup"; readonly setup: BrowserSetup }
  | { readonly type: "file"; readonly path: string; readonly file: Blob | null }
  | { readonly type: "pace"; readonly share: number }
  /** The answer to `authorize`. */
  | {
      readonly type: "authorized";
      readonly name: string;
      readonly answer:
        | { readonly headers: Readonly<Record<string, string>>; readonly error?: never }
        | { readonly error: PlainError };
    };

/** From worker to page. */
export type FromTrainingWorker =
  | FromWorker<BrowserTasks, ChosenBrowserBackend>
  | { readonly type: "loading"; readonly progress: EngineProgress }
  /** The page must sign the fetching of this model file. */
  | { readonly type: "authorize"; readonly name: string };
