/** After the run: trying what was learned, and taking it along. */
import { adapterKind, FedtuneError, utf8, writePeftAdapter } from "@fedtune/core";
import { modelFilePath } from "@fedtune/api";
import { modelPrefix, parseModelConfig } from "@fedtune/training";
import { adapterJob } from "../session/final-accuracy.ts";
import type { Transfer } from "../session-report.ts";
import { readAdapter } from "../storage/own-adapter.ts";
import type { KeptAdapter } from "../storage/own-adapter.ts";
import type { Guess, NamedFile } from "../types.ts";
import { membershipOf, roadOf, storeOf } from "./desk.ts";
import type { Desk } from "./desk.ts";
import { engineOf } from "./engine.ts";
import { signed } from "./signing.ts";

/** Longest text that is tried; the model itself reads less. */
const MOST_CHARACTERS = 20_000;

/**
 * What the model says about a text.
 *
 * @throws FedtuneError `adapter-invalid` when this device has no adapter, or it alone is not the model
 */
export async function tryText(
  desk: Desk,
  text: string,
  textPair?: string,
): Promise<readonly Guess[]> {
  const adapter = await ownAdapter(desk);
  if (adapter.changesBase) {
    const message = "Cannot try this adapter alone: the run has changed the base model too";
    throw new FedtuneError("adapter-invalid", message, { data: { round: adapter.round } });
  }
  const trainer = engineOf(desk);
  const job = { ...adapterJob(adapter, roadOf(desk).place.run), batchSize: 1 };
  const [first, second] = [text, textPair].map((part) => part?.slice(0, MOST_CHARACTERS));
  const input = second === undefined ? (first ?? "") : ([first ?? "", second] as const);
  const [found] = await trainer.classify(job, [input]);
  return adapter.spec.task.labels
    .map((label, index) => ({ label, probability: found?.[index] ?? 0 }))
    .toSorted((a, b) => b.probability - a.probability);
}

async function ownAdapter(desk: Desk): Promise<KeptAdapter> {
  const adapter = await readAdapter(storeOf(desk), roadOf(desk).place);
  if (adapter !== null) return adapter;
  const message =
    "Cannot use an adapter: this device has learned none yet, wanted one round at least";
  throw new FedtuneError("adapter-invalid", message);
}

/** This device's whole adapter as PEFT opens it: two files. */
export async function downloadAdapter(desk: Desk): Promise<readonly NamedFile[]> {
  const { round, values, changesBase, spec } = await ownAdapter(desk);
  const { kind, rank, loraAlpha, targetModules } = spec.adapter;
  const { layout } = await engineOf(desk).describe(spec);
  const files = writePeftAdapter(layout, values, {
    ...{ kind: adapterKind(kind), rank, loraAlpha, targetModules },
    ...{ prefix: await prefixOf(desk), takenOut: null, baseModel: spec.model },
    metadata: {
      labels: JSON.stringify(spec.task.labels),
      run: roadOf(desk).place.run,
      round: String(round),
      ...(changesBase ? { incomplete: "base" } : {}),
    },
  });
  return [
    {
      ...{ name: "adapter_model.safetensors", mediaType: "application/octet-stream" },
      bytes: Uint8Array.from(files.safetensors),
    },
    {
      ...{ name: "adapter_config.json", mediaType: "application/json" },
      bytes: Uint8Array.from(utf8(files.config)),
    },
  ];
}

/** What PEFT puts before the names of modules: it follows from the model's configuration. */
async function prefixOf(desk: Desk): Promise<string> {
  const { server, run } = roadOf(desk).place;
  const { files } = membershipOf(desk).invitation.model;
  const file = files.find(({ name }) => name === "config.json");
  if (file === undefined) throw new FedtuneError("model-invalid", "The model has no config.json");
  const path = modelFilePath(run, file);
  const headers = await signed(desk, { method: "GET", path });
  const response = await desk.ports.fetch(server + path, { headers, redirect: "error" });
  if (!response.ok) {
    const message = `Cannot read the model's configuration: status ${response.status}`;
    throw new FedtuneError("blob-missing", message, { data: { status: response.status } });
  }
  return modelPrefix(parseModelConfig(await response.json(), file.name));
}

/** Everything that travelled, as a table for a spreadsheet. */
export function downloadTransfers(desk: Desk): NamedFile {
  const { transfers } = desk.get().memory.report;
  const head = "time,direction,what,round,bytes,seconds,complete\n";
  const text = head + transfers.map(transferLine).join("");
  const name = `sent-${roadOf(desk).place.run}.csv`;
  return { name, mediaType: "text/csv", bytes: Uint8Array.from(utf8(text)) };
}

/** Numbers in full precision, instants in ISO 8601; no field can hold a comma. */
function transferLine(transfer: Transfer): string {
  const { at, direction, what, round, bytes, seconds, isComplete } = transfer;
  const fields = [
    ...[new Date(at).toISOString(), direction, what, round ?? "", bytes, seconds],
    isComplete ? "yes" : "no",
  ];
  return `${fields.join(",")}\n`;
}
