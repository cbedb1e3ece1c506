/** After the run: trying what was learned, and taking it along. */
import { adapterKind, FedtuneError, utf8, writePeftAdapter } from "@fedtune/core";
import type { EvaluateJob } from "@fedtune/core";
import { modelFilePath } from "@fedtune/api";
import { describeModel, loadModelConfig, memoryFiles } from "@fedtune/training";
import type { ModelDescription } from "@fedtune/training";
import type { BrowserTrainer } from "../../training/types.ts";
import { adapterJob } from "../session/final-accuracy.ts";
import type { Transfer } from "../session-report.ts";
import { readAdapter } from "../storage/own-adapter.ts";
import type { KeptAdapter } from "../storage/own-adapter.ts";
import type { Guess, NamedFile, WrittenText } from "../types.ts";
import { membershipOf, roadOf, storeOf } from "./desk.ts";
import type { Desk } from "./desk.ts";
import { engineOf } from "./engine.ts";
import { signed } from "./signing.ts";

/** Longest text that is tried; the model itself reads less. */
const MOST_CHARACTERS = 20_000;

/** Tokens that a model writes at most: enough to judge it by. */
const MOST_TOKENS = 120;
/** Only the likeliest tokens that together are so probable: what llama2.c's demonstration takes, too. */
const TOP_P = 0.9;

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
  const [first, second] = [text, textPair].map((part) => part?.slice(0, MOST_CHARACTERS));
  const input = second === undefined ? (first ?? "") : ([first ?? "", second] as const);
  return guesses(desk, (trainer, job) => trainer.classify(job, [input]));
}

/** What the model says about a picture. @throws FedtuneError as {@link tryText}; `data-invalid` for what is none */
export function tryPicture(desk: Desk, picture: Blob): Promise<readonly Guess[]> {
  return guesses(desk, (trainer, job) => trainer.classifyPictures(job, [picture]));
}

/** Asks with this device's own adapter on the base model. */
async function guesses(
  desk: Desk,
  ask: (
    trainer: BrowserTrainer,
    job: Omit<EvaluateJob, "data">,
  ) => Promise<readonly Float32Array[]>,
): Promise<readonly Guess[]> {
  const adapter = await wholeAdapter(desk);
  const job = { ...adapterJob(adapter, roadOf(desk).place.run), batchSize: 1 };
  const [found] = await ask(engineOf(desk), job);
  return adapter.spec.task.labels
    .map((label, index) => ({ label, probability: found?.[index] ?? 0 }))
    .toSorted((a, b) => b.probability - a.probability);
}

/**
 * What a language model writes on from a text; temperature 0 always takes the likeliest token.
 *
 * @throws FedtuneError as {@link tryText}; `data-invalid` for a text that leaves no room to write
 */
export async function writeText(
  desk: Desk,
  text: string,
  temperature: number,
): Promise<WrittenText> {
  const adapter = await wholeAdapter(desk);
  const { maxLength: _, ...job } = adapterJob(adapter, roadOf(desk).place.run);
  const [a = 0, b = 0, c = 0, d = 0] = new Uint32Array(desk.ports.entropy.bytes(16).slice().buffer);
  const { signal } = new AbortController();
  const written = await engineOf(desk).generate(
    {
      ...{ ...job, prompt: text.slice(0, MOST_CHARACTERS), maxNewTokens: MOST_TOKENS },
      ...{ sampling: { temperature, topK: null, topP: TOP_P }, seed: [a, b, c, d] },
    },
    { signal },
  );
  return { text: written.text, isCut: written.ends === "length" };
}

/** This device's adapter, where it is the whole of what was learned. */
async function wholeAdapter(desk: Desk): Promise<KeptAdapter> {
  const adapter = await ownAdapter(desk);
  if (!adapter.changesBase) return adapter;
  const message = "Cannot try this adapter alone: the run has changed the base model too";
  throw new FedtuneError("adapter-invalid", message, { data: { round: adapter.round } });
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
    ...(await namesOf(desk, spec)),
    ...{ takenOut: null, baseModel: spec.model },
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

/** What PEFT's files say of the model beside the values: it follows from the model's configuration. */
async function namesOf(
  desk: Desk,
  { adapter, task }: KeptAdapter["spec"],
): Promise<Pick<ModelDescription, "prefix" | "taskType" | "fanInFanOut">> {
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
  const bytes = new Uint8Array(await response.arrayBuffer());
  const config = await loadModelConfig(memoryFiles({ [file.name]: bytes }), "");
  const description = describeModel(config, { ...adapter, labels: task.labels });
  const { prefix, taskType, fanInFanOut } = description;
  return { prefix, taskType, fanInFanOut };
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
