/** What the pages know of training in a tab; types only, so that importing them loads nothing of the engine. */
import type {
  AdapterShape,
  DataRef,
  Digest,
  EvaluateJob,
  Metrics,
  RunSpec,
  TrainControl,
  Trainer,
  TrainJob,
} from "@fedtune/core";
import type { Generated, GenerateJob } from "@fedtune/training";
import type {
  BrowserBackendRequest,
  ChosenBrowserBackend,
  KernelOptions,
} from "@fedtune/training/browser";

export type {
  BrowserBackendName,
  BrowserBackendRequest,
  BrowserPassedOver,
  ChosenBrowserBackend,
} from "@fedtune/training/browser";

export type { Generated, GenerateJob } from "@fedtune/training";

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
export interface BrowserTrainerOptions extends KernelOptions {
  readonly model: readonly ModelFile[];
  /** `auto` unless given. */
  readonly backend?: BrowserBackendRequest;
  /** Also takes a graphics card that the processor imitates; slower than wasm, for tests. */
  readonly allowSoftware?: boolean;
  /** Headers for fetching a model file, such as a signature; asked for only where the file is not kept here. */
  readonly authorize?: (file: ModelFile) => Promise<Readonly<Record<string, string>>>;
  /** The most bytes that model, data and training may take; a part of the device's memory unless given. */
  readonly memoryLimitBytes?: number;
  readonly onProgress?: (progress: EngineProgress) => void;
}

/** Logits of every example of a data reference, in file order. */
export interface BrowserPrediction {
  /** `[examples * labels]`, row-major. */
  readonly logits: Float32Array;
  /** Indices into the task's labels; `[examples]`. */
  readonly labels: Int32Array;
}

/** What a device check is about: the run's own training. */
export interface DeviceQuestion extends Pick<TrainJob, "adapter" | "task" | "training"> {
  /** The rows that will be trained on; null while no file is chosen, then texts of full length, or gray pictures, stand for them. */
  readonly data: DataRef | null;
}

/** What this device can do. */
export interface DeviceReport {
  readonly backend: ChosenBrowserBackend;
  /** 1e9 floating-point operations a second of a matrix product. */
  readonly gflops: number;
  /** Seconds of one optimiser step of this training, measured. */
  readonly stepSeconds: number;
  /** Optimiser steps of one round; null while no file is chosen. */
  readonly stepsPerRound: number | null;
  readonly memory: {
    /** What model and one step took on the backend, measured. */
    readonly usedBytes: number;
    /** What may be used here. */
    readonly limitBytes: number;
    /** The largest data file that may be used here. */
    readonly fileLimitBytes: number;
  };
}

/** A text, or a pair of texts. */
export type TextInput = string | readonly [first: string, second: string];

/**
 * The Trainer port over a worker of this tab. The worker is started by the first call that needs it, and anew by the next
 * one after it ended; nothing is lost but the job that was running.
 *
 * Errors are `FedtuneError`s. `training-failed` has `data.reason`: `crashed`, `device-lost` (with `data.backend`; the next
 * job runs on the next backend, if `auto` was asked for) or `out-of-memory`. A data file that is too large for the memory
 * is `data-invalid` with `data.reason` `too-large`, `data.bytes` and `data.limit`. A model file that does not come is
 * `blob-missing`, one that is not what it should be `blob-corrupt`.
 */
export interface BrowserTrainer extends Trainer {
  /** Starts the worker if need be; resolves once the base model is loaded. @throws as the first job would */
  ready(): Promise<ChosenBrowserBackend>;
  /**
   * Gives the worker a file (or takes it away) under the path that jobs' data references name; a folder of pictures is a
   * pack of them, see `packPictures`. Only a handle goes to the worker, which reads it as it trains. Another file under the same path starts the worker anew.
   */
  setFile(path: string, file: Blob | null): void;
  /**
   * How much of the time may be spent computing, above 0 and up to 1; the rest are pauses between steps. 0 holds a running
   * job before its next step until it is more again.
   */
  setPace(share: number): void;
  /** What the base model gives for a run's adapter: the client's `describe` port. */
  describe(spec: Pick<RunSpec, "adapter" | "task">): Promise<AdapterShape>;
  /** Metrics, as the port says. */
  evaluate(job: EvaluateJob, control: TrainControl): Promise<Metrics>;
  /** @throws FedtuneError as `evaluate` */
  predict(job: EvaluateJob, control: TrainControl): Promise<BrowserPrediction>;
  /** Probabilities of the task's labels for each text, `[texts][labels]`: for trying the model. All texts or all pairs. */
  classify(
    job: Omit<EvaluateJob, "data">,
    texts: readonly TextInput[],
  ): Promise<readonly Float32Array[]>;
  /** The same for pictures, with a base model that reads these: PNG, JPEG or WebP. */
  classifyPictures(
    job: Omit<EvaluateJob, "data">,
    pictures: readonly Blob[],
  ): Promise<readonly Float32Array[]>;
  /** Writes on from a prompt, with a language model. @throws FedtuneError `model-invalid`, `data-invalid`, `cancelled` */
  generate(job: GenerateJob, control: TrainControl): Promise<Generated>;
  /** Trains a few steps and forgets them; takes seconds once the model is here. */
  check(question: DeviceQuestion, control: TrainControl): Promise<DeviceReport>;
}
