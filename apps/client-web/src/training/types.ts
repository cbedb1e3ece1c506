/** What the pages know of training in a tab; types only, so that importing them loads nothing of the engine. */
import type {
  AdapterShape,
  Digest,
  EvaluateJob,
  Metrics,
  RunSpec,
  TrainControl,
  Trainer,
  TrainJob,
} from "@fedtune/core";

/** Backends of a page, best first. */
export type BrowserBackendName = "webgpu" | "wasm" | "webgl" | "cpu";
/** What may be asked for: `auto` takes the first that works. */
export type BrowserBackendRequest = BrowserBackendName | "auto";

/**
 * Why a backend was passed over: the browser lacks it (`missing`), gives no adapter (`blocked`), would imitate it on the
 * processor (`software`), its limits are too small for the model (`limits`), it computed wrongly (`broken`), its device
 * was lost while training (`lost`), its memory ran full (`memory`), or it did not start (`failed`).
 */
export type FallbackReason =
  "missing" | "blocked" | "software" | "limits" | "broken" | "lost" | "memory" | "failed";

/** A backend that was tried before the one in use. */
export interface PassedOver {
  readonly backend: BrowserBackendName;
  readonly reason: FallbackReason;
  /** One English sentence for details. */
  readonly message: string;
}

/** The backend in use. */
export interface ChosenBrowserBackend {
  readonly name: BrowserBackendName;
  /** Name of the graphics card where the browser tells it. */
  readonly device: string | null;
  /** Whether matrix products are ours; only wasm has some of ours. */
  readonly kernels: "own" | "stock";
  /** Threads of our kernels; 1 without them. */
  readonly threads: number;
  readonly passedOver: readonly PassedOver[];
  /** One sentence per backend passed over and per wish that could not be met, such as one thread instead of four. */
  readonly notes: readonly string[];
}

/** One file of a base model: where it is and what it must be. */
export interface ModelFile {
  /** Name in the model's folder, for example `config.json`. */
  readonly name: string;
  readonly url: string;
  readonly bytes: number;
  /** SHA-256, lowercase hex; the file is kept on this device under it. */
  readonly hash: Digest;
}

/** What happens before the first job. */
export type EngineProgress =
  | {
      readonly phase: "model";
      /** Bytes of all files that are here and checked, or on their way. */
      readonly loadedBytes: number;
      readonly totalBytes: number;
      /** Bytes that came over the network; 0 when everything was here already. */
      readonly fetchedBytes: number;
    }
  /** The model is here; backends are started and tested. */
  | { readonly phase: "backend" }
  | { readonly phase: "ready"; readonly backend: ChosenBrowserBackend };

/** How a trainer in a tab is made. */
export interface BrowserTrainerOptions {
  readonly model: readonly ModelFile[];
  /** `auto` unless given. */
  readonly backend?: BrowserBackendRequest;
  /** `own` unless given. */
  readonly kernels?: "own" | "stock";
  /** As many as pay unless given. */
  readonly threads?: number | "auto";
  /** Also takes a graphics card that the processor imitates; slower than wasm, for tests. */
  readonly allowSoftware?: boolean;
  /** Headers for fetching a model file, such as a signature; asked for only where the file is not kept here. */
  readonly authorize?: (file: ModelFile) => Promise<Readonly<Record<string, string>>>;
  /** The most bytes that model, data and training may take; a part of the device's memory unless given. */
  readonly memoryLimitBytes?: number;
  onProgress?(progress: EngineProgress): void;
}

/** Logits of every example of a data reference, in file order. */
export interface BrowserPrediction {
  /** `[examples * labels]`, row-major. */
  readonly logits: Float32Array;
  /** Indices into the task's labels; `[examples]`. */
  readonly labels: Int32Array;
}

/** What a device check is about. */
export interface DeviceQuestion extends Pick<TrainJob, "adapter" | "task" | "training"> {
  /** Bytes of the data file; 0 when none is chosen yet. */
  readonly dataBytes: number;
}

/** What this device can do. */
export interface DeviceReport {
  readonly backend: ChosenBrowserBackend;
  /** 1e9 floating-point operations a second of a matrix product. */
  readonly gflops: number;
  /** Seconds of one training step of the question's batch at full length; shorter texts take less. */
  readonly stepSeconds: number;
  readonly memory: {
    /** What model, data and one step take, estimated. */
    readonly neededBytes: number;
    /** What may be used here. */
    readonly limitBytes: number;
  };
}

/**
 * The Trainer port over a worker of this tab. The worker is started by the first call that needs it, and anew by the next
 * one after it ended; nothing is lost but the job that was running.
 *
 * Errors are `FedtuneError`s. `training-failed` has `data.reason`: `crashed`, `device-lost` (with `data.backend`; the next
 * job runs on the next backend, if `auto` was asked for) or `out-of-memory`. A data file that is too large for the memory
 * is `data-invalid` with `data.reason` `too-large`, `data.bytes` and `data.limit`.
 */
export interface BrowserTrainer extends Trainer {
  /** Starts the worker if need be; resolves once the base model is loaded. @throws as the first job would */
  ready(): Promise<ChosenBrowserBackend>;
  /**
   * Gives the worker a file (or takes it away) under the path that jobs' `FileData` references name. Only a handle goes to
   * the worker, which reads it as it trains. Another file under the same path starts the worker anew.
   */
  setFile(path: string, file: Blob | null): void;
  /** What the base model gives for a run's adapter: the client's `describe` port. */
  describe(spec: Pick<RunSpec, "adapter" | "task">): Promise<AdapterShape>;
  /** @throws FedtuneError as `evaluate` */
  predict(job: EvaluateJob, control: TrainControl): Promise<BrowserPrediction>;
  /** Softmax over the task's labels for each text, `[texts][labels]`; for trying the model. */
  classify(
    job: Omit<EvaluateJob, "data">,
    texts: readonly (string | readonly [string, string])[],
  ): Promise<readonly Float32Array[]>;
  /** Measures the device; takes a second or two once the model is here. */
  check(question: DeviceQuestion, control?: TrainControl): Promise<DeviceReport>;
  evaluate(job: EvaluateJob, control: TrainControl): Promise<Metrics>;
}
