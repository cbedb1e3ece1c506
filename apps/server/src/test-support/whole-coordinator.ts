/** A whole coordinator process over an embedded database: toy runs, and a base model of a few bytes. */
import { combiners, methods } from "@fedtune/aggregators";
import { createApiClient } from "@fedtune/api";
import type { ApiClient } from "@fedtune/api";
import { adapterKinds, clientId, memoryBlobs, prepareRun, resolveRun, runId } from "@fedtune/core";
import type { Registries, RunId } from "@fedtune/core";
import { postgresStore, startDatabase } from "@fedtune/db";
import { privacyRules, userLevelPrivacy } from "@fedtune/dp";
import { nodeClock, nodeEntropy, nodeHash } from "@fedtune/node-ports";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startCoordinator } from "../coordinator-process.ts";
import { readSettings } from "../operations/settings.ts";
import { signingClient } from "./security-bench.ts";
import type { SigningClient } from "./security-bench.ts";
import { layout, modules } from "./toy-run.ts";

const registries: Registries = { methods, combiners, kinds: adapterKinds, privacy: privacyRules };

/** What lies in the base model's folder; only the first three are a model's. */
export const modelBytes: Readonly<Record<string, string>> = {
  "config.json": '{ "model_type": "toy" }',
  "model.safetensors": "weights ".repeat(40_000),
  "tokenizer.json": "{}",
  "vocab.txt": "not needed beside tokenizer.json",
  "secrets.env": "PASSWORD=canary",
};

/** Starts it with these settings. */
export async function wholeCoordinator(settings: Readonly<Record<string, unknown>> = {}) {
  const directory = await mkdtemp(join(tmpdir(), "fedtune-whole-"));
  const modelFolder = join(directory, "toy-model");
  await mkdir(modelFolder);
  for (const [name, text] of Object.entries(modelBytes))
    await writeFile(join(modelFolder, name), text);
  const database = await startDatabase({ url: null, directory: join(directory, "db") });
  const value = { port: 0, logLevel: "silent", ...settings };
  const { security, server, close } = await startCoordinator({
    ...{ database, store: postgresStore(database), blobs: memoryBlobs(), blobFolder: null },
    ...{ lister: { list: async function* () {} }, version: "test", servesAll: true, registries },
    settings: readSettings({ file: { value, place: () => null } }),
    modelFolder: (model) => (model === "somewhere/toy-model" ? modelFolder : null),
    prepare(config) {
      const resolved = resolveRun(config, registries, nodeHash);
      const setup = prepareRun(runId(resolved.config.name), resolved, {
        describe: () => ({ layout, modules }),
        hash: nodeHash,
      });
      return Promise.resolve({ setup, privacy: userLevelPrivacy(resolved.config, nodeEntropy) });
    },
  });
  const { url } = server.address;
  const system = { kind: "token", actor: "system", scopes: ["admin"] } as const;
  const { secret } = await security.apiTokens.create(
    { name: "test", scopes: ["admin"], expiresAt: null },
    system,
  );
  return {
    ...{ url, security, modelFolder, secret, prisma: database.prisma },
    /** A program with these headers; by default one that may do everything. */
    client: (headers: Record<string, string> = { authorization: `Bearer ${secret}` }): ApiClient =>
      createApiClient({ url, fetch, clock: nodeClock, hash: nodeHash, headers: () => headers }),
    /** A client of a run that has enrolled, and signs by the clock of today. */
    async enrolled(run: RunId, client: string): Promise<SigningClient> {
      const time = { ms: new Date().getTime() };
      const signing = await signingClient({ time }, { run, client });
      const { secret: token } = await security.enrolments.create({ run });
      const { publicKey } = signing.identity;
      await security.enrolments.enrol({ run, client: clientId(client), publicKey, token });
      return signing;
    },
    async close(): Promise<void> {
      await close();
      await database.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** A coordinator of a test. */
export type WholeCoordinator = Awaited<ReturnType<typeof wholeCoordinator>>;
