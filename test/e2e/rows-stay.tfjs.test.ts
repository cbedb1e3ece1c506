/** Everything that crosses the network of a run, searched for the clients' rows. */
import { methods } from "@fedtune/aggregators";
import { adapterKinds, memoryBlobs } from "@fedtune/core";
import type { Blobs, DataRef } from "@fedtune/core";
import { nodeHash } from "@fedtune/node-ports";
import { simulate } from "@fedtune/simulation";
import { describeModel, fileData, loadModelConfig } from "@fedtune/training";
import { createWorkerTrainer, nodeFiles } from "@fedtune/training/node";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { tinyBert, wordLabels, wordRows, writeShares } from "./support/data.ts";

const folder = mkdtempSync(join(tmpdir(), "fedtune-rows-"));
const trainer = createWorkerTrainer({ model: tinyBert, backend: "wasm" });
afterAll(async () => {
  await trainer.close();
  rmSync(folder, { recursive: true });
});

const rows = wordRows(60);
const secret = "the film of my neighbour was bad";
let clients: { readonly name: string; readonly data: DataRef }[] = [];
beforeAll(() => {
  const file = (path: string, more: object = {}) => fileData({ kind: "file", path, ...more });
  const write = (name: string, content: string): string => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  const good = writeShares(folder, rows).clients.map((client) => ({
    name: client.name,
    data: file(client.file),
  }));
  clients = [
    ...good,
    // Errors quote what they stumble over: these must not quote it to the coordinator.
    { name: "no-json", data: file(write("broken.jsonl", `${secret}\n`)) },
    { name: "wrong-column", data: file(write("swapped.csv", `text,label\n${secret},${secret}\n`)) },
    { name: "own-path", data: file(join(folder, "my private notes.csv")) },
  ];
});

/** Blobs that note every byte sequence that was stored or fetched. */
function tapped(noted: string[]): Blobs {
  const blobs = memoryBlobs();
  const note = (bytes: Uint8Array): void => {
    noted.push(Buffer.from(bytes).toString("latin1"), Buffer.from(bytes).toString("utf16le"));
  };
  return {
    ...blobs,
    put(bytes, hash) {
      note(bytes);
      return blobs.put(bytes, hash);
    },
    async get(hash) {
      const bytes = await blobs.get(hash);
      note(bytes);
      return bytes;
    },
  };
}

it("[DA3] [CL5] no message and no blob holds a row, also when a client cannot use its data", async () => {
  const messages: string[] = [];
  const blobs: string[] = [];
  const config = await loadModelConfig(nodeFiles, tinyBert);
  const result = await simulate(
    {
      name: "tapped",
      model: tinyBert,
      task: { kind: "sequence-classification", labels: wordLabels },
      training: { batchSize: 8, maxLength: 24 },
      rounds: { numRounds: 2, minAvailableClients: 6, minFitClients: 2 },
    },
    {
      registries: { methods, kinds: adapterKinds },
      describe: (run) => describeModel(config, { ...run.adapter, labels: run.task.labels }),
      clients,
      trainer,
      evaluate: null,
      hash: nodeHash,
      settle: () => new Promise((resolve) => setImmediate(resolve)),
      blobs: tapped(blobs),
      fate: ({ message }) => {
        messages.push(message);
        return [0];
      },
    },
  );
  expect(result.history.rounds).toMatchObject([
    { accepted: [0, 1, 2], declined: 3 },
    { accepted: [0, 1, 2], declined: 3 },
  ]);
  // What would be found if it were there: the search works on this traffic.
  const kinds = ["order", "update", "declined", "accepted", "welcome"];
  for (const kind of kinds) expect(messages.join()).toContain(`"type":"${kind}"`);
  expect(blobs.length).toBeGreaterThan(2 * 2 * 3);
  const traffic = [...messages, ...blobs];
  for (const text of [...rows.map((row) => row.text), secret, "my private notes", folder]) {
    expect(traffic.filter((sent) => sent.includes(text))).toEqual([]);
  }
});
