import {
  layoutHash,
  memoryNetwork,
  parseServerMessage,
  protocolVersion,
  runId,
  trainingSchema,
  virtualClock,
} from "@fedtune/core";
import type { Digest, MessageOf, Trainer } from "@fedtune/core";
import { plannedEvents, privacySettings } from "@fedtune/dp";
import { nodeHash, toyData, toyLayout, toyTrainer } from "@fedtune/testkit";
import { describe, expect, it } from "vitest";
import { openLocalRun } from "./local-run.ts";
import { memoryLedgers } from "./memory-ledger.ts";
import { memoryClientState } from "./memory-state.ts";
import { openGuard } from "./privacy-guard.ts";
import type { HolderPrivacy } from "./privacy-guard.ts";

const record = { mode: "record-level", noiseMultiplier: 1, samplingRate: 0.1, delta: 1e-5 };
const training = trainingSchema.parse({ maxSteps: 10 });

const layout = toyLayout(1);

function welcome(privacy: object): MessageOf<"welcome"> {
  const zeros = "0".repeat(64);
  const spec = {
    configHash: zeros,
    model: "m",
    task: { kind: "sequence-classification", labels: ["no", "yes"] },
    adapter: { kind: "lora", rank: 1, loraAlpha: 1, targetModules: ["q"], init: "kaiming" },
    head: "share",
    training,
    privacy,
    holdout: 0,
    layoutHash: layoutHash(layout, nodeHash),
    initial: { kind: "seed", key: [1, 2, 3, 4] },
    initialHash: zeros,
  };
  const whole = {
    type: "welcome",
    protocol: protocolVersion,
    run: "r",
    client: "c",
    index: 0,
    spec,
  };
  return parseServerMessage(JSON.stringify(whole)) as MessageOf<"welcome">;
}

function holder(budgetEpsilon: number | null): HolderPrivacy {
  const time = () => "2026-01-01T00:00:00.000Z";
  return { holder: "h", dataset: "d", budgetEpsilon, ledgers: memoryLedgers(), time };
}

const events = () => {
  const { spec } = welcome(record);
  const settings = privacySettings(spec.privacy);
  return settings.mode === "record-level" ? plannedEvents(settings, spec.training) : [];
};
const bytes = (text: string) => nodeHash.sha256(new TextEncoder().encode(text));

describe("a client's privacy guard", () => {
  it("[CL12] refuses a run that protects no examples where the owner set a budget", async () => {
    const open = (privacy: object, budget: number | null) =>
      openGuard(welcome(privacy), { privacy: holder(budget), hash: nodeHash });
    await expect(open({ mode: "none" }, 3)).rejects.toThrow(/privacy.mode is none/);
    expect(await open({ mode: "none" }, null)).toBeNull();
    expect(await open(record, 3)).not.toBeNull();
    await expect(openGuard(welcome(record), { hash: nodeHash })).rejects.toThrow(
      /no privacy ledger/,
    );
    await expect(open({ mode: "record-level" }, null)).rejects.toMatchObject({
      code: "config-invalid",
    });
  });

  it("[CL12] the same round again is charged once, but other bytes of it are never released", async () => {
    const privacy = holder(null);
    const guard = (await openGuard(welcome(record), { privacy, hash: nodeHash }))!;
    const task = { round: 1, attempt: 1 };
    await guard.reserve(task, { trainings: 1 });
    await guard.reserve(task, { trainings: 1 });
    await guard.spend(task, events(), bytes("a"));
    await guard.spend(task, events(), bytes("a"));
    await expect(guard.spend(task, events(), bytes("b"))).rejects.toMatchObject({
      code: "update-conflict",
    });
    const [text = ""] = await privacy.ledgers.all();
    const rows = text.trimEnd().split("\n");
    expect(rows).toHaveLength(3);
  });

  it("[CL12] holds an owner's budget in one ledger: another delta or relation opens no second one", async () => {
    const privacy = holder(1e6);
    const guardOf = (settings: object) =>
      openGuard(welcome({ ...record, ...settings }), { privacy, hash: nodeHash });
    const task = { round: 1, attempt: 1 };
    const early = await guardOf({ delta: 1e-7 });
    const guard = await guardOf({});
    await guard?.reserve(task, { trainings: 1 });
    await expect(guardOf({ delta: 1e-6 })).rejects.toMatchObject({ code: "config-conflict" });
    await expect(early?.reserve(task, { trainings: 1 })).rejects.toThrow(/held at delta/);
    expect(await privacy.ledgers.all()).toHaveLength(1);
    const free = { ...privacy, budgetEpsilon: null };
    const other = welcome({ ...record, delta: 1e-6 });
    const guards = await openGuard(other, { privacy: free, hash: nodeHash });
    await guards?.reserve(task, { trainings: 1 });
    expect(await privacy.ledgers.all()).toHaveLength(2);
  });

  it("[CL12] charges runs of different noise through a filter, which may allow less than one plan would", async () => {
    const roundsOf = async (noises: readonly number[]) => {
      const privacy = holder(4);
      let rounds = 0;
      for (let round = 1; round <= 60; round++) {
        const noiseMultiplier = noises[round % noises.length];
        const of = welcome({ ...record, noiseMultiplier });
        const guard = await openGuard(of, { privacy, hash: nodeHash });
        try {
          await guard?.reserve({ round, attempt: 1 }, { trainings: 1 });
          rounds = round;
        } catch (error) {
          expect(error).toMatchObject({ code: "budget-exhausted" });
          break;
        }
      }
      return rounds;
    };
    const [plan, mixed] = [await roundsOf([1]), await roundsOf([1, 1.0001])];
    expect(plan).toBeGreaterThan(mixed);
    expect(mixed).toBeGreaterThan(0);
    expect(plan).toBeLessThan(60);
  });

  it("[CL12] what was not charged is not spent", async () => {
    const guard = (await openGuard(welcome(record), { privacy: holder(null), hash: nodeHash }))!;
    const task = { round: 1, attempt: 1 };
    await guard.reserve(task, { trainings: 1 });
    const more = events().map((event) => ({ ...event, steps: 99 }));
    await expect(guard.spend(task, more, bytes("a"))).rejects.toMatchObject({
      code: "training-failed",
    });
  });

  it("[CL12] an update that the ledger does not know is not kept: a restart has nothing to send", async () => {
    const toy = toyTrainer(layout);
    const state = memoryClientState();
    const zeros = "0".repeat(64) as Digest;
    for (const [lies, kept] of [
      [true, false],
      [false, true],
    ] as const) {
      const trainer: Trainer = {
        ...toy,
        train: async (job, control) => {
          const done = lies ? [] : events();
          return { ...(await toy.train(job, control)), privacyEvents: done };
        },
      };
      const describe = () => Promise.resolve({ layout, modules: [] });
      const transport = memoryNetwork({ clock: virtualClock(() => Promise.resolve()) }).client("c");
      const clock = virtualClock(() => Promise.resolve());
      const ports = { transport, state, clock, hash: nodeHash, trainer, describe };
      const { signal } = new AbortController();
      const options = { data: toyData(1, 5), evaluationData: null, verify: false, signal };
      const run = await openLocalRun({ ...ports, privacy: holder(null) }, welcome(record), options);
      const roles = ["down", "up"] as const;
      const plan = { rank: 1, train: [...roles], upload: [...roles], personal: [], codec: "f32" };
      const order = {
        ...{ type: "order", run: "r", round: 1, attempt: 1, from: 0, download: [] },
        ...{ adapterHash: zeros, layoutHash: zeros, seed: [1, 2, 3, 4], deadlineMs: 1000 },
        plan: { ...plan, sparsify: null, coldStart: "zero" },
      } as unknown as MessageOf<"order">;
      const working = run.work(order, { signal });
      if (lies) await expect(working).rejects.toMatchObject({ code: "training-failed" });
      else await working;
      expect(run.pending() !== null).toBe(kept);
      expect((await state.load(runId("r")))?.pending ?? null).toEqual(
        kept ? expect.anything() : null,
      );
    }
  });
});
