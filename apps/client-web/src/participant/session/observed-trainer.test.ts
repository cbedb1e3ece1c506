import { FedtuneError, runId } from "@fedtune/core";
import type { EvaluateJob, Metrics, Trainer, TrainJob, TrainResult } from "@fedtune/core";
import { describe, expect, it } from "vitest";
import type { BrowserBackend } from "../device-report.ts";
import type { Happening } from "./happenings.ts";
import { noSightings } from "./observer.ts";
import { observedTrainer, tellAccuracy } from "./observed-trainer.ts";

const held = { kind: "file", holdout: { fraction: 0.1, part: "train" } } as const;
const job = (changes: Partial<TrainJob> = {}): TrainJob =>
  ({
    ...{ run: runId("toy"), round: 4, rank: 2, start: new Float32Array(3), residuals: [] },
    ...{ training: { maxLength: 16 }, data: { kind: "file" } },
    ...changes,
  }) as TrainJob;
const done: TrainResult = {
  ...{ factors: new Float32Array(3), examples: 9, metrics: { loss: 1 }, privacyEvents: [] },
};
const control = { signal: new AbortController().signal };

/** A trainer that fails so often before it trains, and what is told of it. */
function watched({
  failures = [],
  evaluate = () => Promise.resolve({ accuracy: 0.8, loss: 0.5, examples: 3 }),
}: {
  readonly failures?: readonly Error[];
  readonly evaluate?: (job: EvaluateJob) => Promise<Metrics>;
}) {
  const told: Happening[] = [];
  const left = [...failures];
  const backends: BrowserBackend[] = ["webgpu", "wasm", "cpu"];
  const inner: Trainer = {
    train(_, { onProgress }) {
      onProgress?.({ done: 3, total: 8, loss: 0.7 });
      const failure = left.shift();
      return failure === undefined ? Promise.resolve(done) : Promise.reject(failure);
    },
    evaluate: (asked) => evaluate(asked),
    close: () => Promise.resolve(),
  };
  const sightings = noSightings();
  const observer = { tell: (happening: Happening) => void told.push(happening), now: () => 7 };
  const backend = () =>
    Promise.resolve(backends[failures.length - left.length] ?? ("cpu" as const));
  return {
    trainer: observedTrainer(inner, { observer, sightings, backend }),
    told,
    sightings,
    observer,
  };
}

const lost = (reason: string): FedtuneError =>
  new FedtuneError("training-failed", "the device was lost", { data: { reason } });

describe("a watched trainer", () => {
  it("tells every step and the end, and hands the progress on", async () => {
    const { trainer, told } = watched({});
    const heard: unknown[] = [];
    const result = await trainer.train(job(), {
      ...control,
      onProgress: (progress) => void heard.push(progress),
    });
    expect(result).toBe(done);
    expect(told).toEqual([
      { type: "step", round: 4, done: 3, total: 8, loss: 0.7, at: 7 },
      { type: "trained", round: 4, at: 7 },
    ]);
    expect(heard).toEqual([{ done: 3, total: 8, loss: 0.7 }]);
  });

  it.each(["device-lost", "crashed"])(
    "goes on with the next backend when one is gone: %s",
    async (reason) => {
      const { trainer, told } = watched({ failures: [lost(reason)] });
      expect(await trainer.train(job(), control)).toBe(done);
      expect(told).toContainEqual({
        type: "notice",
        notice: { kind: "backend-lost", at: 7, from: "webgpu", to: "wasm", round: 4, step: 3 },
      });
    },
  );

  it("does not try for ever, nor what another try would not better", async () => {
    const often = watched({ failures: Array.from({ length: 9 }, () => lost("crashed")) });
    await expect(often.trainer.train(job(), control)).rejects.toMatchObject({
      code: "training-failed",
    });
    const wrong = watched({ failures: [new FedtuneError("data-invalid", "no")] });
    await expect(wrong.trainer.train(job(), control)).rejects.toMatchObject({
      code: "data-invalid",
    });
    expect(wrong.told.some(({ type }) => type === "notice")).toBe(false);
  });

  it("[CL9] measures its own adapter on what is held out, once per round, and never where nothing is", async () => {
    const asked: EvaluateJob[] = [];
    const { trainer, told } = watched({
      evaluate(one) {
        asked.push(one);
        return Promise.resolve({ accuracy: 0.8, loss: 0.5, examples: 3 });
      },
    });
    await trainer.train(job({ data: held }), control);
    await trainer.train(job({ data: held }), control);
    await trainer.train(job(), control);
    expect(asked.map(({ data }) => data)).toEqual([
      { kind: "file", holdout: { fraction: 0.1, part: "held-out" } },
    ]);
    expect(told.filter(({ type }) => type === "accuracy")).toEqual([
      { type: "accuracy", accuracy: { round: 3, accuracy: 0.8, loss: 0.5, examples: 3 } },
    ]);
  });

  it("does not measure again what the coordinator has asked for, and trains when measuring fails", async () => {
    const { trainer, told, observer, sightings } = watched({
      evaluate: () => Promise.reject(new Error("it cannot")),
    });
    tellAccuracy({ observer, sightings }, 3, { accuracy: 0.9, examples: 5 });
    expect(await trainer.train(job({ data: held }), control)).toBe(done);
    expect(await trainer.train(job({ data: held, round: 5 }), control)).toBe(done);
    expect(told.filter(({ type }) => type === "accuracy")).toHaveLength(1);
  });
});
