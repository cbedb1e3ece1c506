/** A client whose graphics device is lost in round 2, in the middle of a private step, with its state and ledger in files. */
import { methods } from "@fedtune/aggregators";
import { runClient } from "@fedtune/client";
import type { ClientListener } from "@fedtune/client";
import {
  adapterKinds,
  clientId,
  memoryBlobs,
  memoryNetwork,
  memoryStore,
  openCoordinator,
  prepareRun,
  resolveRun,
  runId,
} from "@fedtune/core";
import type { AdapterShape, DataRef, Trainer, TrainJob } from "@fedtune/core";
import { openLedger, plannedEvents, privacyRules, privacySettings } from "@fedtune/dp";
import { nodeClock, nodeEntropy, nodeHash } from "@fedtune/node-ports";
import { toyData, toyTrainer } from "@fedtune/testkit";
import { describeModel, fileData, loadCheckpoint } from "@fedtune/training";
import { nodeFiles } from "@fedtune/training/node";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { fragileTrainer } from "../../../packages/training/src/test-support/fragile.ts";
import { goldenPath } from "../../../packages/training/src/test-support/golden.ts";
import { reviews } from "../../../packages/training/src/test-support/jobs.ts";
import { fileLedgers } from "./file-ledger.ts";
import { fileClientState } from "./file-state.ts";

const labels = ["good", "bad"];
const adapter = { kind: "lora", rank: 2, loraAlpha: 4, targetModules: ["query", "value"] };
const run = runId("fragile");
const record = { mode: "record-level", noiseMultiplier: 1, samplingRate: 0.4, delta: 1e-3 };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fedtune-device-"));
  writeFileSync(join(folder, "reviews.tsv"), reviews);
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function openRun(shape: AdapterShape) {
  const config = {
    ...{ name: run, participants: ["steady", "fragile"], adapter, privacy: record },
    rounds: { numRounds: 3, minAvailableClients: 2, minFitClients: 1, weightedBy: "uniform" },
    task: { kind: "sequence-classification", labels },
    method: { name: "fedavg" },
    training: { maxSteps: 2, batchSize: 4, learningRate: 0.01 },
  };
  const resolved = resolveRun(
    config,
    { methods, kinds: adapterKinds, privacy: privacyRules },
    nodeHash,
  );
  const setup = prepareRun(run, resolved, { describe: () => shape, hash: nodeHash });
  const network = memoryNetwork({ clock: nodeClock, verify: nodeHash });
  const store = memoryStore();
  const coordinator = await openCoordinator(setup, {
    ...{ transport: network.server, store, blobs: memoryBlobs(), clock: nodeClock, hash: nodeHash },
    ...{ evaluate: null, privacy: null },
  });
  return { network, store, coordinator };
}

/** What outlives a client of that name. */
function kept(name: string) {
  const ledgers = fileLedgers(join(folder, name, "ledgers"), nodeHash);
  return { ledgers, state: fileClientState(join(folder, name), nodeHash) };
}

/** Trains on no examples, and says what the ledger of such a run expects to hear. */
function privateToy(shape: AdapterShape): Trainer {
  const toy = toyTrainer(shape.layout);
  const events = ({ privacy, training }: TrainJob): readonly unknown[] => {
    const settings = privacySettings(privacy);
    return settings.mode === "record-level" ? plannedEvents(settings, training) : [];
  };
  return {
    ...toy,
    train: async (job, control) => ({
      ...(await toy.train(job, control)),
      privacyEvents: events(job),
    }),
  };
}

it("[CL5] [TN26] a device lost in a step ends the client's round and no more: it goes on with its state and its ledger", async () => {
  const { config } = await loadCheckpoint(nodeFiles, goldenPath("tiny-bert"));
  const shape = describeModel(config, { ...adapter, labels });
  const { network, store, coordinator } = await openRun(shape);
  const fragile = fragileTrainer("imitated");
  await fragile.trainer.ready();
  let breaks = true;
  const declined: string[] = [];
  const listener: ClientListener = {
    declined: ({ round, message }) => void declined.push(`${round}: ${message}`),
    progress({ round }) {
      if (round !== 2 || !breaks) return;
      breaks = false;
      fragile.lose();
    },
  };
  const takePart = (name: string, trainer: Trainer, data: DataRef, own: ClientListener = {}) => {
    const { ledgers, state } = kept(name);
    const time = () => "2026-01-01T00:00:00.000Z";
    const privacy = { holder: name, dataset: "d", budgetEpsilon: null, ledgers, time };
    const ports = { transport: network.client(name), state, clock: nodeClock, hash: nodeHash };
    return runClient(
      {
        ...{ ...ports, trainer, privacy, entropy: nodeEntropy },
        describe: () => Promise.resolve(shape),
      },
      {
        ...{ client: clientId(name), run: null, software: "test", listener: own },
        data,
      },
    );
  };
  const ended = coordinator.run();
  try {
    const sessions = await Promise.all([
      takePart("steady", privateToy(shape), toyData(1, 10)),
      takePart(
        "fragile",
        fragile.trainer,
        fileData({ kind: "file", path: join(folder, "reviews.tsv") }),
        listener,
      ),
    ]);
    expect(sessions.map(({ kind }) => kind)).toEqual(["finished", "finished"]);
  } finally {
    await fragile.trainer.close();
  }
  expect((await ended).status).toBe("completed");
  expect(declined).toEqual(["2: Lost the graphics device of webgpu: the driver was reset"]);
  const history = await store.getHistory(run);
  expect(history?.rounds.map(({ accepted }) => accepted.includes(1))).toEqual([true, false, true]);
  const { ledgers, state } = kept("fragile");
  const [text = ""] = await ledgers.all();
  const { rows } = openLedger(text, { hash: nodeHash });
  expect(rows.map(({ round, state: how }) => `${round} ${how}`)).toEqual([
    ...["1 reserved", "1 spent", "2 reserved", "3 reserved", "3 spent"],
  ]);
  expect(await state.load(run)).toMatchObject({ pending: null });
});
