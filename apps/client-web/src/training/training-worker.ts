/** The training worker: it owns base model, tokenizer, data and trainer, and works on request. */
import type { TrainControl } from "@fedtune/core";
import { createTrainer, describeModel, loadCheckpoint, loadTokenizer } from "@fedtune/training";
import type { Checkpoint, LocalTrainer, ModelConfig, Weight } from "@fedtune/training";
import { chooseBrowserBackend, serveTasks, toPlain, watchDevice } from "@fedtune/training/browser";
import type { ChosenBrowserBackend, Service, TaskHandlers } from "@fedtune/training/browser";
import { browserClock } from "../participant/platform/clock.ts";
import { browserEntropy } from "../participant/platform/entropy.ts";
import { blobFiles } from "./blob-files.ts";
import { checkDevice } from "./device-check.ts";
import { exampleFiles } from "./example-files.ts";
import { fatalError } from "./fatal-error.ts";
import { fileLimit, memoryLimit, pictureLimit } from "./memory-limit.ts";
import type {
  BrowserSetup,
  BrowserTasks,
  FromTrainingWorker,
  ToTrainingWorker,
} from "./messages.ts";
import { modelOverLine } from "./model-over-line.ts";
import type { ModelLine } from "./model-over-line.ts";
import type { Pace } from "./pace.ts";
import { keepPace } from "./pace.ts";
import { browserPlatform } from "./platform.ts";

/** What a started worker is to its entry. */
export interface TrainingWorker {
  receive(message: ToTrainingWorker): void;
}

const tell = (message: FromTrainingWorker): void => postMessage(message);

/** Starts with the setup that the page sent first. */
export function startTrainingWorker(setup: BrowserSetup): TrainingWorker {
  const files = new Map(setup.files);
  const pace = keepPace(setup.pace, { ...browserClock, turn });
  const line = modelOverLine(setup.model, tell);
  const serve = serveTasks<BrowserTasks, ChosenBrowserBackend>(
    { tell, onAbort: () => pace.wake() },
    () => start(setup, { files, pace, line }),
  );
  return {
    receive(message) {
      switch (message.type) {
        case "setup":
          return;
        case "file":
          if (message.file === null) files.delete(message.path);
          else files.set(message.path, message.file);
          return;
        case "pace":
          pace.set(message.share);
          return;
        case "authorized":
          line.authorized(message);
          return;
        default:
          serve(message);
      }
    },
  };
}

const channel = new MessageChannel();

/** A turn of the event loop, without the four milliseconds of nested timers. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    channel.port1.onmessage = () => resolve();
    channel.port2.postMessage(null);
  });
}

interface Parts {
  readonly files: Map<string, Blob>;
  readonly pace: Pace;
  readonly line: ModelLine;
}

type BrowserService = Service<BrowserTasks, ChosenBrowserBackend>;

async function start(setup: BrowserSetup, { files, pace, line }: Parts): Promise<BrowserService> {
  const { checkpoint, tokenizer } = await load(line);
  tell({ type: "loading", progress: { phase: "backend" } });
  const backend = await chooseBrowserBackend(browserPlatform(), {
    ...setup,
    backend: setup.backend ?? "auto",
    largestTensorBytes: largestTensor(checkpoint),
  });
  watchDevice(backend.name, (error) => tell({ type: "failed", error: toPlain(error) }));
  const modelBytes = setup.model.reduce((sum, { bytes }) => sum + bytes, 0);
  const { deviceMemory } = navigator as { readonly deviceMemory?: number };
  const limitBytes = setup.memoryLimitBytes ?? memoryLimit(deviceMemory);
  const memory = { limitBytes, fileLimitBytes: fileLimit(limitBytes, modelBytes) };
  const pictureLimitBytes = pictureLimit(limitBytes, modelBytes);
  const weights = new Map<string, Weight>(checkpoint.weights);
  const trainer = createTrainer({
    checkpoint: { ...checkpoint, weights },
    tokenizer,
    ...exampleFiles(files, checkpoint.config, { ...memory, pictureLimitBytes }),
    clock: browserClock,
    entropy: browserEntropy,
    pause: () => pace.pause(),
  });
  // They are on the backend now: nothing may hold the file's bytes in memory as well.
  weights.clear();
  const { config } = checkpoint;
  return {
    ready: backend,
    handlers: handlersOf({ trainer, config, backend, pace, files, memory }),
  };
}

async function load(line: ModelLine) {
  const model = await line.bring();
  const files = blobFiles({ get: (name) => model.get(name), limitBytes: 0 });
  const checkpoint = await loadCheckpoint(files, "");
  const readsTexts = checkpoint.config.image === null;
  return { checkpoint, tokenizer: readsTexts ? await loadTokenizer(files, "") : null };
}

function largestTensor({ weights }: Checkpoint): number {
  return Math.max(...Array.from(weights.values(), ({ values }) => values.byteLength));
}

interface Works {
  readonly trainer: LocalTrainer;
  readonly config: ModelConfig;
  readonly backend: ChosenBrowserBackend;
  readonly pace: Pace;
  readonly files: Map<string, Blob>;
  readonly memory: { readonly limitBytes: number; readonly fileLimitBytes: number };
}

function handlersOf(works: Works): TaskHandlers<BrowserTasks> {
  const { trainer, config, backend, pace } = works;
  const guarded =
    <Job, Result>(work: (job: Job, control: TrainControl) => Promise<Result>) =>
    async (job: Job, control: TrainControl): Promise<Result> => {
      pace.begin();
      try {
        return await work(job, control);
      } catch (error) {
        const fatal = fatalError(error, backend.name);
        if (fatal !== null) tell({ type: "failed", error: toPlain(fatal) });
        throw error;
      }
    };
  return {
    train: guarded((job, control) => trainer.train(job, control)),
    evaluate: guarded((job, control) => trainer.evaluate(job, control)),
    predict: guarded((job, control) => trainer.predict(job, control)),
    generate: guarded((job, control) => trainer.generate(job, control)),
    check: guarded((question, control) => checkDevice(question, { ...works, control })),
    describe: ({ adapter, task }) => {
      const { layout, modules } = describeModel(config, { ...adapter, labels: task.labels });
      return Promise.resolve({ layout, modules });
    },
  };
}
