/** Record-level private runs: ledgers, budgets and what leaves a client, with a trainer that only says what it did. */
import { methods } from "@fedtune/aggregators";
import { adapterKinds, resolveRun } from "@fedtune/core";
import type { Trainer, TrainJob } from "@fedtune/core";
import { accountants, plannedEvents, privacyRules, privacySettings, runEvents } from "@fedtune/dp";
import { nodeHash, toyTrainer } from "@fedtune/testkit";
import { describe, expect, it } from "vitest";
import { simulate } from "./simulate.ts";
import { config, layout, options } from "./test-support/toy-run.ts";

const registries = { methods, kinds: adapterKinds, privacy: privacyRules };
const privacy = { mode: "record-level", noiseMultiplier: 1, samplingRate: 0.1, delta: 1e-5 };
const rounds = { ...config.rounds, weightedBy: "uniform" };
const run = { ...config, rounds, privacy, training: { learningRate: 0.2, maxSteps: 10 } };

/** The toy, reporting the events that the job's settings plan, or `lie`. */
function reporting(trained: string[] = [], lie?: readonly unknown[]): Trainer {
  const toy = toyTrainer(layout);
  const done = ({ privacy: given, training }: TrainJob): readonly unknown[] => {
    const settings = privacySettings(given);
    return settings.mode === "record-level" ? plannedEvents(settings, training) : [];
  };
  return {
    ...toy,
    async train(job, control) {
      trained.push(`${job.round}`);
      return { ...(await toy.train(job, control)), privacyEvents: lie ?? done(job) };
    },
  };
}

/** Epsilon after so many rounds. */
function epsilonAfter(count: number): number {
  const settings = privacySettings({ ...privacy, mode: "record-level" });
  const planned = { rounds: { ...rounds }, training: { localEpochs: 1, maxSteps: 10 } };
  const events = runEvents(settings, planned as never, count);
  return accountants.prv.compose({ relation: "add-or-remove-one", events }).epsilon(1e-5).upper;
}

describe("a private run", () => {
  it("[CL12] ends for each client when its budget is spent, before another round touches its data", async () => {
    const trained: string[] = [];
    const budget = { epsilon: (epsilonAfter(2) + epsilonAfter(3)) / 2 };
    const refusals: string[] = [];
    const { end, history } = await simulate(
      { ...run, privacy: { ...privacy, budget }, rounds: { ...rounds, waitTimeoutMs: 1000 } },
      options({
        registries,
        trainer: reporting(trained),
        listener: { refused: ({ code, round }) => refusals.push(`${code} ${String(round)}`) },
      }),
    );
    expect(history.rounds.map(({ accepted }) => accepted.length)).toEqual([4, 4]);
    expect(trained.toSorted()).toEqual(["1", "1", "1", "1", "2", "2", "2", "2"]);
    expect(refusals).toEqual(Array.from({ length: 4 }, () => "budget-exhausted 3"));
    expect(end).toMatchObject({ status: "failed" });
  });

  it("[CL12] gives nothing away that was not charged: a trainer that did something else is not believed", async () => {
    const [planned] = plannedEvents(
      { ...privacySettings({ ...privacy, mode: "record-level" }) } as never,
      { localEpochs: 1, maxSteps: 10, batchSize: 16, maxGradNorm: null },
    );
    const lie = [{ ...planned, steps: 20 }];
    const { end, history } = await simulate(
      { ...run, rounds: { ...rounds, maxAttempts: 1 } },
      options({ registries, trainer: reporting([], lie) }),
    );
    expect(end.status).toBe("failed");
    expect(history.rounds).toEqual([]);
  });

  it("[CL13] withholds losses and counts, and shares them where the run says so", async () => {
    const withheld = await simulate(run, options({ registries, trainer: reporting() }));
    expect(withheld.end).toEqual({ status: "completed", failure: null });
    expect(withheld.history.rounds[0]?.training).toEqual({ examples: 4 });
    const released = await simulate(
      { ...run, privacy: { ...privacy, metrics: "release" } },
      options({ registries, trainer: reporting() }),
    );
    expect(released.history.rounds[0]?.training).toMatchObject({ examples: 46 });
    expect(released.history.rounds[0]?.training["loss"]).toBeGreaterThan(0);
  });

  it("[CF3] refuses what would undo the guarantee, by field", async () => {
    const refused = (more: object) => simulate({ ...run, ...more }, options({ registries }));
    await expect(refused({ rounds: config.rounds })).rejects.toThrow(/rounds.weightedBy/);
    await expect(refused({ training: { maxGradNorm: 1 } })).rejects.toThrow(/training.maxGradNorm/);
    await expect(refused({ evaluation: { where: "federated" } })).rejects.toThrow(
      /evaluation.everyRounds.*withhold/,
    );
    const cold = { name: "fedsa-lora", coldStart: "fit" };
    await expect(refused({ method: cold, evaluation: { everyRounds: 0 } })).rejects.toThrow(
      /method.coldStart/,
    );
    const both = { ...privacy, targetEpsilon: 3 };
    await expect(refused({ privacy: both })).rejects.toThrow(/exactly one of noiseMultiplier/);
    await expect(refused({ privacy: { ...privacy, noiseMultiplier: 0 } })).rejects.toThrow(
      /privacy.noiseMultiplier = 0/,
    );
  });

  it("[CF4] finds the noise for a target epsilon over the whole run", async () => {
    const target = { ...privacy, noiseMultiplier: undefined, targetEpsilon: 3 };
    const { resolved } = await simulate(
      { ...run, privacy: target },
      options({ registries, trainer: reporting() }),
    );
    const settings = privacySettings(resolved.config.privacy);
    const cost = (events: ReturnType<typeof runEvents>) =>
      accountants.prv.compose({ relation: "add-or-remove-one", events }).epsilon(1e-5).upper;
    const events = runEvents(settings, resolved.config);
    expect(cost(events)).toBeLessThanOrEqual(3);
    expect(cost(events)).toBeGreaterThan(2.95);
    expect(resolveRun(resolved.config, registries, nodeHash)).toMatchObject({
      config: resolved.config,
      hash: resolved.hash,
    });
  });
});
