/** A page that lets a test make trainers; the engine comes when the first one is made. */
import type { TrainControl, TrainJob } from "@fedtune/core";
import type { BrowserTrainer, BrowserTrainerOptions, EngineProgress } from "../types.ts";

/** What a test calls, through the browser's remote control: plain data in and out. */
export interface TrainerHarness {
  /** Everything that was told while things came in. */
  readonly progress: EngineProgress[];
  /** Steps of jobs. */
  readonly steps: number[];
  /** Milliseconds of each long task of this page. */
  readonly longTasks: number[];
  readonly violations: string[];
  readonly workers: Worker[];
  trainer: BrowserTrainer;
  open(options: BrowserTrainerOptions): Promise<void>;
  /** A job whose arrays are plain. */
  job(job: object, start: readonly number[]): TrainJob;
  /** A picture as this browser decodes it for training. */
  decode(bytes: readonly number[]): Promise<readonly number[]>;
  /** Gives the trainer pictures in folders. */
  setPictures(path: string, pictures: readonly PlainPicture[]): Promise<void>;
  classifyPictures(job: TrainJob, pictures: readonly PlainPicture[]): Promise<number[][]>;
  /** What was thrown, as data. */
  failure(work: Promise<unknown>): Promise<{ code: string; message: string; data: object }>;
  deleteModels(): Promise<void>;
  /** A control that is aborted when so many steps are done. */
  control(stopAfter?: number): TrainControl;
}

/** A picture's file as plain data. */
export interface PlainPicture {
  readonly folder: string;
  readonly name: string;
  readonly bytes: readonly number[];
}

const blobOf = ({ bytes }: PlainPicture): Blob => new Blob([Uint8Array.from(bytes)]);

const scope = globalThis as unknown as { harness: TrainerHarness; Worker: typeof Worker };

const harness: Omit<TrainerHarness, "trainer"> & { trainer: BrowserTrainer | null } = {
  ...{ progress: [], steps: [], longTasks: [], violations: [], workers: [], trainer: null },
  async open(options) {
    const { createBrowserTrainer } = await import("../browser-trainer.ts");
    const onProgress = (told: EngineProgress): void => void harness.progress.push(told);
    harness.trainer = createBrowserTrainer({ onProgress, ...options });
  },
  async deleteModels() {
    const { deleteKeptFiles } = await import("../kept-files.ts");
    await deleteKeptFiles();
  },
  job: (job, start) => ({ ...(job as TrainJob), start: Float32Array.from(start) }),
  async decode(bytes) {
    const { browserImages } = await import("@fedtune/training/browser");
    const { height, width, pixels } = await browserImages(globalThis).decode(
      Uint8Array.from(bytes),
    );
    return [height, width, ...pixels];
  },
  async setPictures(path, pictures) {
    const { packPictures } = await import("../picture-pack.ts");
    const pack = packPictures(pictures.map((one) => ({ ...one, picture: blobOf(one) })));
    harness.trainer?.setFile(path, pack);
  },
  async classifyPictures({ data: _, ...job }, pictures) {
    const asked = { ...job, batchSize: 4, maxLength: null };
    const found = await harness.trainer?.classifyPictures(asked, pictures.map(blobOf));
    return (found ?? []).map((probabilities) => [...probabilities]);
  },
  async failure(work) {
    try {
      await work;
    } catch (error) {
      const { code, message, data } = error as { code: string; message: string; data: object };
      return { code, message, data };
    }
    return { code: "none", message: "it worked", data: {} };
  },
  control(stopAfter = Number.POSITIVE_INFINITY) {
    const abort = new AbortController();
    harness.steps.length = 0;
    return {
      signal: abort.signal,
      onProgress({ done }) {
        harness.steps.push(done);
        if (done >= stopAfter) abort.abort();
      },
    };
  },
};
scope.harness = harness as TrainerHarness;

/** So that a test can do to a worker what a worker would never do to itself. */
scope.Worker = class extends Worker {
  constructor(url: string | URL, options?: WorkerOptions) {
    super(url, options);
    harness.workers.push(this);
  }
};

new PerformanceObserver((list) => {
  harness.longTasks.push(...list.getEntries().map(({ duration }) => duration));
}).observe({ type: "longtask", buffered: true });
document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => {
  harness.violations.push(`${violatedDirective} ${blockedURI}`);
});
