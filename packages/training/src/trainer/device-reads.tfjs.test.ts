/** Aborts and closing while the device owes an answer: imitated by a slow read, and with WebGPU's own. */
import * as tf from "@tensorflow/tfjs";
import type { TrainControl } from "@fedtune/core";
import { privacySchema } from "@fedtune/dp";
import { describe, expect, onTestFinished, test } from "vitest";
import { chooseBackend } from "../backends/node-choose.ts";
import { evaluationOf, noAbort, tinyJob, tinyTrainer } from "../test-support/jobs.ts";
import { findEngines, softwareWebgpu } from "../test-support/oracle-engines.ts";
import type { LocalTrainer } from "./trainer.ts";

interface Readable {
  read(id: object): Promise<tf.TypedArray>;
}

/** What can be waited for until it is opened. */
function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open: () => open() };
}

/** Reads of the current backend: tells of the next one and, unless it goes on by itself, holds it until it is let go. */
function watchReads({ held }: { readonly held: boolean }) {
  const backend = tf.backend() as unknown as Readable;
  const { read } = backend;
  const [begun, free] = [gate(), gate()];
  const restore = (): void => void (backend.read = read);
  backend.read = async (id) => {
    begun.open();
    if (held) await free.opened;
    return read.call(backend, id);
  };
  onTestFinished(restore);
  return { begun: begun.opened, letGo: free.open, restore };
}

/** Starts a job, and aborts it once it waits for the device. */
async function abortedInRead(
  start: (control: TrainControl) => Promise<unknown>,
  begun: Promise<unknown>,
): Promise<void> {
  const abort = new AbortController();
  const ended = expect(start({ signal: abort.signal })).rejects.toMatchObject({
    code: "cancelled",
    retryable: false,
  });
  await begun;
  abort.abort();
  await ended;
}

const secret = { mode: "record-level", samplingRate: 1, noiseMultiplier: 1, noise: "seeded" };
type Job = ReturnType<typeof tinyJob>;
const kinds: readonly [
  string,
  (trainer: LocalTrainer, job: Job, control: TrainControl) => Promise<unknown>,
][] = [
  ["training", (trainer, job, control) => trainer.train(job, control)],
  [
    "private training",
    (trainer, job, control) =>
      trainer.train({ ...job, privacy: privacySchema.parse(secret) }, control),
  ],
  ["evaluation", (trainer, job, control) => trainer.evaluate(evaluationOf(job), control)],
];

describe("a read that takes its time", () => {
  test.each(kinds)(
    "[TN6] [TN7] an abort of %s does not wait for it, nothing stays, and the next job is as ever",
    async (_, perform) => {
      await chooseBackend("cpu");
      const atAll = tf.memory().numTensors;
      const { trainer, checkpoint } = await tinyTrainer();
      const job = tinyJob(checkpoint);
      const wanted = await trainer.train(job, noAbort);
      const before = tf.memory().numTensors;
      const { begun, letGo, restore } = watchReads({ held: true });
      await abortedInRead((control) => perform(trainer, job, control), begun);
      expect(tf.memory().numTensors).toBe(before);
      restore();
      expect((await trainer.train(job, noAbort)).factors).toEqual(wanted.factors);

      let isClosed = false;
      const closed = trainer.close().then(() => (isClosed = true));
      await new Promise((resolve) => setImmediate(resolve));
      expect(isClosed).toBe(false);
      letGo();
      await closed;
      expect(tf.memory().numTensors).toBe(atAll);
    },
  );

  test("[TN6] closing waits for the job that runs", async () => {
    await chooseBackend("cpu");
    const { trainer, checkpoint } = await tinyTrainer();
    const { begun, letGo } = watchReads({ held: true });
    const order: string[] = [];
    const trained = trainer
      .train(tinyJob(checkpoint), noAbort)
      .then(({ metrics }) => order.push(`trained ${String(metrics["steps"])}`));
    await begun;
    const closed = trainer.close().then(() => order.push("closed"));
    letGo();
    await Promise.all([trained, closed]);
    expect(order).toEqual(["trained 3", "closed"]);
  });
});

const [webgpu] = await findEngines([softwareWebgpu]);
const why = webgpu?.missing ?? null;

describe.skipIf(why !== null)(`a read of WebGPU${why === null ? "" : ` (skipped: ${why})`}`, () => {
  // The processor compiles shaders for some ten seconds.
  test(
    "[TN6] [TN7] an abort does not wait for it, nothing stays, and the next job is as ever",
    { timeout: 600_000 },
    async () => {
      await softwareWebgpu.choose();
      const scope = globalThis as unknown as { readonly navigator: { readonly gpu: object } };
      const { gpu } = scope.navigator;
      await softwareWebgpu.choose();
      // A second one would be the end of the first one's device.
      expect(scope.navigator.gpu).toBe(gpu);
      const atAll = tf.memory().numTensors;
      const { trainer, checkpoint } = await tinyTrainer();
      const job = tinyJob(checkpoint);
      const training = { ...job.training, maxSteps: 1 };
      const wanted = await trainer.train({ ...job, training }, noAbort);
      const before = tf.memory().numTensors;
      const { begun, restore } = watchReads({ held: false });
      await abortedInRead((control) => trainer.train({ ...job, training }, control), begun);
      expect(tf.memory().numTensors).toBe(before);
      restore();
      expect((await trainer.train({ ...job, training }, noAbort)).factors).toEqual(wanted.factors);
      await trainer.close();
      expect(tf.memory().numTensors).toBe(atAll);
    },
  );
});
