/** The Trainer port over a worker of this tab. */
import { FedtuneError } from "@fedtune/core";
import type { DataRef, EvaluateJob, TrainControl } from "@fedtune/core";
import { toPlain, workerTasks } from "@fedtune/training/browser";
import type {
  BrowserPassedOver,
  ChosenBrowserBackend,
  FallbackReason,
  WorkerEvents,
  WorkerLine,
  WorkerTasks,
} from "@fedtune/training/browser";
import type {
  BrowserSetup,
  BrowserTasks,
  FromTrainingWorker,
  ToTrainingWorker,
} from "./messages.ts";
import { packPictures } from "./picture-pack.ts";
import type { BrowserTrainer, BrowserTrainerOptions, TextInput } from "./types.ts";

type Tasks = WorkerTasks<BrowserTasks, ChosenBrowserBackend>;
type Events = WorkerEvents<BrowserTasks, ChosenBrowserBackend>;

/** What outlives a worker. */
interface Tab {
  readonly options: BrowserTrainerOptions;
  readonly files: Map<string, Blob>;
  /** Backends that failed, which later workers go past. */
  readonly avoid: BrowserPassedOver[];
  pace: number;
  /** To the worker that runs, if one does. */
  post: (message: ToTrainingWorker) => void;
}

const silent = (): void => undefined;
const never: TrainControl = { signal: new AbortController().signal };

/** Makes a trainer; nothing is loaded before it is asked for something. The owner closes it. */
export function createBrowserTrainer(options: BrowserTrainerOptions): BrowserTrainer {
  const tab: Tab = { options, files: new Map(), avoid: [], pace: 1, post: silent };
  const tasks: Tasks = workerTasks<BrowserTasks, ChosenBrowserBackend>({
    open: (events) => openWorker(tab, events),
    onLost: (error) => remember(tab, error),
  });
  return {
    ready: () => tasks.ready(),
    setFile: (path, file) => setFile(tab, tasks, [path, file]),
    setPace(share) {
      tab.pace = share;
      tab.post({ type: "pace", share });
    },
    describe: ({ adapter, task }) => tasks.ask("describe", { adapter, task }, never),
    train: (job, control) => tasks.ask("train", job, control),
    evaluate: (job, control) => tasks.ask("evaluate", job, control),
    predict: (job, control) => tasks.ask("predict", job, control),
    generate: (job, control) => tasks.ask("generate", job, control),
    classify: (job, texts) => classify(tab, tasks, { job, ...textRows(job, texts) }),
    classifyPictures: (job, pictures) =>
      classify(tab, tasks, { job, ...pictureRows(job, pictures) }),
    check: (question, control) => tasks.ask("check", question, control),
    close: () => tasks.close(),
  };
}

function openWorker(tab: Tab, events: Events): WorkerLine<BrowserTasks> {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  const post = (message: ToTrainingWorker): void => worker.postMessage(message);
  tab.post = post;
  worker.onmessage = ({ data }: MessageEvent<FromTrainingWorker>) => receive(tab, events, data);
  worker.onmessageerror = () => events.ended(crashed("a message could not be read"));
  worker.onerror = ({ message }) =>
    events.ended(crashed(message || "its code could not be loaded"));
  post({ type: "setup", setup: setupOf(tab) });
  return {
    post,
    end() {
      worker.terminate();
      if (tab.post === post) tab.post = silent;
    },
  };
}

function setupOf({ options, files, avoid, pace }: Tab): BrowserSetup {
  // Functions cannot be sent.
  const { authorize: _authorize, onProgress: _onProgress, ...plain } = options;
  return { ...plain, files, avoid, pace };
}

function crashed(reason: string): FedtuneError {
  return new FedtuneError("training-failed", `The training worker crashed: ${reason}`, {
    data: { reason: "crashed" },
  });
}

function receive(tab: Tab, events: Events, message: FromTrainingWorker): void {
  const { options } = tab;
  switch (message.type) {
    case "loading":
      options.onProgress?.(message.progress);
      return;
    case "authorize":
      void authorize(tab, message.name);
      return;
    case "ready":
      options.onProgress?.({ phase: "ready", backend: message.ready });
      events.message(message);
      return;
    default:
      events.message(message);
  }
}

async function authorize({ options, post }: Tab, name: string): Promise<void> {
  const file = options.model.find((one) => one.name === name);
  try {
    const headers = file === undefined ? {} : ((await options.authorize?.(file)) ?? {});
    post({ type: "authorized", name, answer: { headers } });
  } catch (error) {
    post({ type: "authorized", name, answer: { error: toPlain(error) } });
  }
}

/** Reasons of a failure that another backend may not have. */
const fallbacks: Readonly<Record<string, FallbackReason>> = {
  "device-lost": "lost",
  "out-of-memory": "memory",
};

/** A graphics card that was lost, or whose memory was too small, is not tried again in this tab. */
function remember({ avoid }: Tab, error: FedtuneError): void {
  const { backend } = error.data;
  const reason = fallbacks[String(error.data["reason"])];
  if (reason === undefined || (backend !== "webgpu" && backend !== "webgl")) return;
  avoid.push({ backend, reason, message: error.message });
}

function setFile(tab: Tab, tasks: Tasks, [path, file]: readonly [string, Blob | null]): void {
  const known = tab.files.get(path);
  if (known === file) return;
  if (file === null) tab.files.delete(path);
  else tab.files.set(path, file);
  // A worker remembers a file's rows under its path.
  if (known !== undefined) void tasks.close();
  else tab.post({ type: "file", path, file });
}

type TryJob = Omit<EvaluateJob, "data">;

/** What is to be classified: a file of so many rows, and how it is referred to but for its path. */
interface Rows {
  readonly count: number;
  readonly file: Blob;
  readonly data: Readonly<Record<string, unknown>> & Pick<DataRef, "kind">;
}

function textRows({ task }: TryJob, texts: readonly TextInput[]): Rows {
  const [label] = task.labels;
  const rows = texts.map((text) => {
    const [a, b] = typeof text === "string" ? [text] : text;
    return JSON.stringify({ a, b, label });
  });
  const isPair = texts.some((text) => typeof text !== "string");
  const columns = { text: "a", textPair: isPair ? "b" : null, label: "label" };
  const data = { kind: "file", format: "jsonl", ...columns } as const;
  return { count: texts.length, file: new Blob([rows.join("\n")]), data };
}

/** Pictures keep their order by their names. */
function pictureRows({ task }: TryJob, pictures: readonly Blob[]): Rows {
  const folder = task.labels[0] ?? "";
  const digits = String(pictures.length).length;
  const named = pictures.map((picture, index) => {
    const name = `${String(index).padStart(digits, "0")}.png`;
    return { folder, name, picture };
  });
  const data = { kind: "images", format: "folder" } as const;
  return { count: pictures.length, file: packPictures(named), data };
}

let tries = 0;

async function classify(
  tab: Tab,
  tasks: Tasks,
  { job, count, file, data }: Rows & { readonly job: TryJob },
): Promise<readonly Float32Array[]> {
  const path = `/try/${(tries += 1)}`;
  await tasks.ready();
  tab.post({ type: "file", path, file });
  try {
    const { logits } = await tasks.ask("predict", { ...job, data: { ...data, path } }, never);
    const classes = job.task.labels.length;
    return Array.from({ length: count }, (_, row) =>
      softmax(logits.subarray(row * classes, (row + 1) * classes)),
    );
  } finally {
    tab.post({ type: "file", path, file: null });
  }
}

function softmax(logits: Float32Array): Float32Array {
  const largest = logits.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  const powers = logits.map((value) => Math.exp(value - largest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}
