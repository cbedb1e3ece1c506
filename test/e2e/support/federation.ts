/** A coordinator and its clients as processes over real sockets. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { small, tinyBert, wordLabels } from "./data.ts";
import { start } from "./fedtune.ts";
import type { Running } from "./fedtune.ts";

/** A run config that trains in a second; `more` replaces whole sections. */
export function writeConfig(folder: string, more: Readonly<Record<string, unknown>>): string {
  const config = {
    name: "live",
    seed: 11,
    model: tinyBert,
    task: { kind: "sequence-classification", labels: wordLabels },
    training: { learningRate: 0.02, batchSize: 8, maxLength: 24 },
    ...more,
  };
  const path = join(folder, "run.yaml");
  writeFileSync(path, JSON.stringify(config, null, 2));
  return path;
}

/** A listening coordinator. */
export interface Served extends Running {
  readonly url: string;
  readonly port: string;
}

/** Starts `serve` on a free port and waits until it listens. */
export async function serve(...options: readonly string[]): Promise<Served> {
  const usual = ["--port", "0", "--backend", "wasm", "--no-pages", "--json"];
  const running = start("serve", ...usual, ...options);
  const [, url = "", port = ""] = await running.says(/"url":"([^"]+:(\d+))"/);
  return { ...running, url, port };
}

/** Starts `join`. */
export function takePart(
  { url }: Pick<Served, "url">,
  client: { readonly name: string; readonly file: string; readonly stateDir: string },
  ...options: readonly string[]
): Running {
  const { name, file, stateDir } = client;
  const self = ["--server", url, "--name", name, "--data", file, "--state-dir", stateDir];
  return start("join", ...self, ...small, "--json", ...options);
}
