/** An adapter of a run as PEFT's two files. It stands apart: what knows model families is loaded when it is asked for. */
import { modelFilePath } from "@fedtune/api";
import type { ApiClient, OutputOf } from "@fedtune/api";
import {
  adapterKind,
  FedtuneError,
  factorRoles,
  factorView,
  runId,
  utf8,
  writePeftAdapter,
} from "@fedtune/core";
import type { FactorRole } from "@fedtune/core";
import { describeModel, parseModelConfig } from "@fedtune/training";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { z } from "zod";
import { zip } from "./zip.ts";

/** Which adapter, and where everything comes from. */
export interface AdapterDownload {
  readonly api: ApiClient;
  /** Origin of the coordinator. */
  readonly origin: string;
  /** Fetches bytes of this site. */
  readonly fetchBytes: (url: string) => Promise<Uint8Array>;
  readonly run: string;
  /** A number, `latest` or `best`. */
  readonly round: string;
}

/** The archive, and what the adapter in it lacks. */
export interface AdapterArchive {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly round: number;
  /** Roles whose factors stay with the clients, and are zero; `base`: the run changed the base model as well. */
  readonly lacking: readonly string[];
}

const adapterConfig = z.object({
  name: z.string(),
  model: z.string(),
  head: z.string(),
  method: z.object({ name: z.string() }),
  task: z.object({ labels: z.array(z.string()).default([]) }),
  adapter: z.object({
    ...{ kind: z.string(), rank: z.number(), loraAlpha: z.number(), init: z.string() },
    targetModules: z.array(z.string()),
  }),
});

type MethodFacts = OutputOf<"getServer">["methods"][number];

/** What stays with the clients, or in the base, so that the coordinator's adapter is not whole. */
export function lackingParts(head: string, method: MethodFacts | undefined): readonly string[] {
  const keeps = (method?.keeps ?? []).filter((role) => role !== "head");
  const base = method?.claims["changesBase"] === true ? ["base"] : [];
  return [...keeps, ...(head === "personal" ? ["head"] : []), ...base];
}

const isRole = (text: string): text is FactorRole => factorRoles.some((role) => role === text);

async function modelDescription(
  { api, origin, fetchBytes, run }: AdapterDownload,
  config: z.output<typeof adapterConfig>,
) {
  const { files } = await api.getModel({ params: { run: runId(run) } });
  const file = files.find(({ name }) => name === "config.json");
  if (file === undefined) {
    const message = `Cannot write the adapter as PEFT's files here: the server does not hand out the base model; use fedtune run pull ${run}`;
    throw new FedtuneError("model-invalid", message);
  }
  const bytes = await fetchBytes(origin + modelFilePath(runId(run), file));
  checkHash(bytes, file.hash);
  const parsed: unknown = JSON.parse(new TextDecoder().decode(bytes));
  const { kind, rank, loraAlpha, targetModules } = config.adapter;
  return describeModel(parseModelConfig(parsed), {
    ...{ kind, rank, loraAlpha, targetModules, labels: config.task.labels },
  });
}

function checkHash(bytes: Uint8Array, wanted: string): void {
  if (bytesToHex(sha256(bytes)) === wanted) return;
  throw new FedtuneError(
    "blob-corrupt",
    "Cannot use the bytes: they do not have the hash that the server names",
  );
}

/** Float32 values, little-endian, at any offset. */
function valuesOf(bytes: Uint8Array): Float32Array {
  if (bytes.length % 4 === 0) return new Float32Array(bytes.slice().buffer);
  throw new FedtuneError(
    "blob-corrupt",
    `Cannot use an adapter of ${bytes.length} bytes: wanted float32 values`,
  );
}

/**
 * Fetches an adapter and writes the archive.
 *
 * @throws FedtuneError `adapter-invalid` for one that only the whole base model can complete, `model-invalid`,
 * `blob-corrupt`, and what the coordinator answers
 */
export async function adapterArchive(asked: AdapterDownload): Promise<AdapterArchive> {
  const { api, run } = asked;
  const params = { run: runId(run) };
  const details = await api.getRun({ params });
  const config = adapterConfig.parse(details.config);
  if (config.adapter.init === "pissa") {
    const message = `Cannot write this adapter here: PiSSA took a part out of the base model, which only the whole model gives back; use fedtune run pull ${run}`;
    throw new FedtuneError("adapter-invalid", message);
  }
  const { methods } = await api.getServer();
  const lacking = lackingParts(
    config.head,
    methods.find(({ name }) => name === config.method.name),
  );
  const description = await modelDescription(asked, config);
  const { bytes, headers } = await api.getAdapter({ params: { ...params, round: asked.round } });
  checkHash(bytes, headers["x-fedtune-hash"]);
  const values = valuesOf(bytes);
  const zeroed = lacking.filter(isRole);
  for (const factor of description.layout.factors) {
    if (zeroed.includes(factor.role)) factorView(values, factor).fill(0);
  }
  const { kind, rank, loraAlpha, targetModules } = config.adapter;
  const round = Number(headers["x-fedtune-round"]);
  const files = writePeftAdapter(description.layout, values, {
    ...{ kind: adapterKind(kind), rank, loraAlpha, targetModules, prefix: description.prefix },
    ...{ taskType: description.taskType, fanInFanOut: description.fanInFanOut },
    baseModel: config.model,
    metadata: {
      ...{ labels: JSON.stringify(config.task.labels), run: config.name, round: String(round) },
      ...(lacking.length === 0 ? {} : { incomplete: lacking.join(" ") }),
    },
  });
  const archive = zip([
    { name: "adapter_config.json", bytes: utf8(files.config) },
    { name: "adapter_model.safetensors", bytes: files.safetensors },
  ]);
  return { name: `${run}-round-${round}.zip`, bytes: archive, round, lacking };
}
