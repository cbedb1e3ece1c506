/** A whole coordinator for tests: an embedded database, signed clients, a base model that it hands out, pages. */
import { combiners, methods } from "@fedtune/aggregators";
import { adapterKinds, clientId, prepareRun, resolveRun, runId } from "@fedtune/core";
import type { Coordinator, Registries, RunEnd } from "@fedtune/core";
import { folderLister, postgresStore, startDatabase } from "@fedtune/db";
import { privacyRules, userLevelPrivacy } from "@fedtune/dp";
import { nodeEntropy, nodeHash } from "@fedtune/node-ports";
import { openFolderBlobs, readSettings, readSite, startCoordinator } from "@fedtune/server";
import type { CoordinatorProcess, Pages, RunToServe } from "@fedtune/server";
import { describeModel, loadModelConfig } from "@fedtune/training";
import { builtinModelFolder, nodeFiles } from "@fedtune/training/node";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildSite } from "./site.ts";

const registries: Registries = { methods, combiners, kinds: adapterKinds, privacy: privacyRules };

/** A coordinator with one run. */
export interface TestCoordinator {
  readonly url: string;
  readonly port: number;
  readonly process: CoordinatorProcess;
  /** Plays one more run, until it ends. */
  play(
    config: object,
  ): Promise<{ readonly coordinator: Coordinator; readonly ended: Promise<RunEnd> }>;
  /** A join link with a token of its own. */
  invite(
    run: string,
    token?: { readonly maxUses?: number; readonly ttlMs?: number },
  ): Promise<string>;
  revoke(run: string, client: string): Promise<void>;
  /** Ends the process as a crash of it would look to clients; its database and blobs stay. */
  stop(): Promise<void>;
  /** Starts it again on the same port. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** Starts one; its pages are those of `participant-site`. */
export async function startTestCoordinator(): Promise<TestCoordinator> {
  const folder = await mkdtemp(join(tmpdir(), "fedtune-coordinator-"));
  const site = await buildSite(
    ["join.html", "app.html"],
    join(import.meta.dirname, "participant-site"),
  );
  const pages = { state: "ready", site: await readSite(site) } as const;
  let started = await start({ folder, pages, port: 0 });
  const { port, url } = started.process.server.address;
  return {
    ...{ url, port },
    get process() {
      return started.process;
    },
    play: async (config) => started.process.play(await toServe(config)),
    async invite(run, { maxUses, ttlMs } = {}) {
      const { secret } = await started.process.security.enrolments.create({
        run: runId(run),
        ...(maxUses === undefined ? {} : { maxUses }),
        ...(ttlMs === undefined ? {} : { ttlMs }),
      });
      return `${url}/join/${run}#token=${secret}`;
    },
    async revoke(run, client) {
      await started.process.security.clientKeys.revoke(runId(run), clientId(client));
    },
    stop: () => started.close(),
    async restart() {
      started = await start({ folder, pages, port });
    },
    async close() {
      await started.close();
      await rm(folder, { recursive: true, force: true });
      await rm(site, { recursive: true, force: true });
    },
  };
}

interface Start {
  readonly folder: string;
  readonly pages: Pages;
  readonly port: number;
}

async function start({ folder, pages, port }: Start): Promise<Started> {
  const database = await startDatabase({ url: null, directory: join(folder, "postgres") });
  const blobFolder = join(folder, "blobs");
  const blobs = await openFolderBlobs(blobFolder, { verify: nodeHash });
  const environment = {
    FEDTUNE_OPEN_ENROLMENT: "false",
    FEDTUNE_LOG_LEVEL: "silent",
    FEDTUNE_PORT: String(port),
    FEDTUNE_DRAIN_TIMEOUT_MS: "500",
  };
  const process = await startCoordinator({
    ...{ settings: readSettings({ environment }), database, blobs, blobFolder, registries },
    ...{ store: postgresStore(database), lister: folderLister(blobFolder), version: "1.2.3" },
    ...{ servesAll: true, pages: () => pages },
    modelFolder: (model) => builtinModelFolder(model) ?? model,
    prepare: toServe,
  });
  return {
    process,
    async close() {
      await process.close();
      await database.close();
    },
  };
}

interface Started {
  readonly process: CoordinatorProcess;
  close(): Promise<void>;
}

async function toServe(config: object): Promise<RunToServe> {
  const resolved = resolveRun(config, registries, nodeHash);
  const { model, name, task } = resolved.config;
  const modelConfig = await loadModelConfig(nodeFiles, builtinModelFolder(model) ?? model);
  const setup = prepareRun(runId(name), resolved, {
    describe: (adapter) => describeModel(modelConfig, { ...adapter, labels: task.labels }),
    weights: null,
    hash: nodeHash,
  });
  return { setup, privacy: userLevelPrivacy(resolved.config, nodeEntropy) };
}

/** A run that one tab can finish: few rounds, few steps, a small model. */
export function runConfig(name: string, changes: Record<string, unknown> = {}) {
  const { rounds, training, ...others } = changes as {
    readonly rounds?: object;
    readonly training?: object;
  };
  return {
    name,
    model: "fedtune-mini",
    task: { kind: "sequence-classification", labels: ["lights", "music"] },
    adapter: { rank: 2, targetModules: ["query", "value"] },
    method: { name: "fedavg" },
    training: { maxSteps: 4, batchSize: 4, maxLength: 16, ...training },
    rounds: {
      ...{ numRounds: 2, minFitClients: 1, minAvailableClients: 1, reconnectGraceMs: 20_000 },
      ...{ roundTimeoutMs: 60_000, ...rounds },
    },
    evaluation: { where: "federated", everyRounds: 1, holdout: 0.25 },
    about: { title: "Household words", organiser: "The house", subject: "sentence" },
    ...others,
  };
}

/** Texts that nothing else holds, half of them of each label. */
export function sentences(
  rows: number,
): readonly { readonly text: string; readonly label: string }[] {
  const rooms = ["kitchen", "hallway", "cellar", "attic", "garage"];
  return Array.from({ length: rows }, (_, k) =>
    k % 2 === 0
      ? { text: `please dim lamp number ${1000 + k} in the ${rooms[k % 5]}`, label: "lights" }
      : { text: `play song number ${1000 + k} in the ${rooms[k % 5]}`, label: "music" },
  );
}

/** The same as CSV. */
export function csvOf(rows: readonly { readonly text: string; readonly label: string }[]): string {
  return `text,label\n${rows.map(({ text, label }) => `${text},${label}\n`).join("")}`;
}
