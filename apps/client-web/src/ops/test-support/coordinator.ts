/** A whole coordinator with the operators' pages, on which nobody can sign in yet. */
import { combiners, methods } from "@fedtune/aggregators";
import {
  adapterKinds,
  FedtuneError,
  memoryBlobs,
  prepareRun,
  resolveRun,
  runId,
} from "@fedtune/core";
import type { Registries, TaskSettings } from "@fedtune/core";
import { postgresStore, startDatabase } from "@fedtune/db";
import type { BlobLister } from "@fedtune/db";
import { privacyRules, userLevelPrivacy } from "@fedtune/dp";
import { nodeEntropy, nodeHash } from "@fedtune/node-ports";
import { readSettings, readSite, startCoordinator } from "@fedtune/server";
import type { AskedModel, RunToServe } from "@fedtune/server";
import { describeModel, loadModelConfig } from "@fedtune/training";
import { builtinModelFolder, nodeFiles } from "@fedtune/training/node";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";

const registries: Registries = { methods, combiners, kinds: adapterKinds, privacy: privacyRules };

/** In memory there is nothing to sweep. */
const noBlobs: BlobLister = { list: () => Readable.from([]) };

/** A coordinator of a test. */
export interface WholeServer {
  readonly url: string;
  /** What it writes at its first start. */
  readonly setupCode: string;
  close(): Promise<void>;
}

/** Starts one over an embedded database, with pages that were built into a folder. */
export async function startWholeServer(pagesFolder: string): Promise<WholeServer> {
  const directory = await mkdtemp(join(tmpdir(), "fedtune-ops-"));
  // A site has pages for data holders too; here nobody looks at them.
  await copyFile(join(pagesFolder, "app.html"), join(pagesFolder, "join.html"));
  const pages = { state: "ready", site: await readSite(pagesFolder) } as const;
  const database = await startDatabase({ url: null, directory: join(directory, "postgres") });
  const environment = { FEDTUNE_LOG_LEVEL: "silent", FEDTUNE_PORT: "0" };
  const coordinator = await startCoordinator({
    ...{ settings: readSettings({ environment }), database, registries, version: "1.2.3" },
    ...{ store: postgresStore(database), blobs: memoryBlobs(), blobFolder: null },
    ...{ lister: noBlobs, servesAll: true, prepare, askModel },
    pages: () => pages,
  });
  const setupCode = await coordinator.security.firstOperator.newCode();
  return {
    url: coordinator.server.address.url,
    setupCode: setupCode ?? "",
    async close() {
      await coordinator.close();
      await database.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function modelConfig(model: string) {
  const folder = builtinModelFolder(model);
  if (folder === null) throw new FedtuneError("model-invalid", `wanted a built-in model`);
  return loadModelConfig(nodeFiles, folder);
}

const labelsOf = ({ labels }: TaskSettings): readonly string[] => labels;

async function askModel(model: string): Promise<AskedModel> {
  const config = await modelConfig(model);
  return {
    bytes: 4_000_000,
    describe: ({ adapter, task }) => describeModel(config, { ...adapter, labels: labelsOf(task) }),
  };
}

async function prepare(document: object): Promise<RunToServe> {
  const resolved = resolveRun(document, registries, nodeHash);
  const { model, name, task } = resolved.config;
  const config = await modelConfig(model);
  const setup = prepareRun(runId(name), resolved, {
    describe: (adapter) => describeModel(config, { ...adapter, labels: labelsOf(task) }),
    weights: null,
    hash: nodeHash,
  });
  return { setup, privacy: userLevelPrivacy(resolved.config, nodeEntropy) };
}
