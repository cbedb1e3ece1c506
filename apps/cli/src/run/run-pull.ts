import type { ApiClient } from "@fedtune/api";
import { FedtuneError, resolveRun, lacksOf } from "@fedtune/core";
import type { RunId } from "@fedtune/core";
import { nodeHash } from "@fedtune/node-ports";
import type { Io } from "../io.ts";
import { saveAdapter } from "./adapter-folder.ts";
import { openBaseModel, takenOutOf } from "./base-model.ts";
import { lackText, savedText } from "./report-text.ts";
import { openClient, runNamed } from "./run-client.ts";
import type { OneRun } from "./run-show.ts";
import { registries } from "./registries.ts";

/** Which adapter goes where. */
export interface Pulled {
  readonly run: RunId;
  /** A number, `latest` or `best`. */
  readonly round: string;
  readonly out: string;
  /** Where the base model lies here, if it is no built-in one. */
  readonly model?: string | undefined;
  /** Whether zeros may stand for factors that never left the clients. */
  readonly coldStart: boolean;
}

/** What `fedtune run pull` was asked for. */
export interface RunPullOptions extends OneRun {
  readonly round: string;
  readonly out: string;
  readonly model?: string | undefined;
  readonly coldStart?: true | undefined;
}

/** Fetches an adapter and writes PEFT's files. */
export async function runPull(options: RunPullOptions, io: Io): Promise<undefined> {
  const client = await openClient(options);
  const wanted = { ...options, run: runNamed(options.run), coldStart: options.coldStart === true };
  const { run, round, incomplete } = await pullAdapter(client, wanted, io.signal);
  io.result(
    { run, round, adapter: options.out, incomplete },
    () => `Run "${run}" after round ${round}\n${savedText(options.out, incomplete)}`,
  );
  return undefined;
}

/**
 * Writes an adapter of a run as PEFT's files.
 *
 * @throws FedtuneError `adapter-invalid` for one that lacks factors, unless zeros may stand for them
 */
async function pullAdapter(
  client: ApiClient,
  { run, round: asked, out, model: folder, coldStart }: Pulled,
  signal: AbortSignal,
): Promise<{
  readonly run: RunId;
  readonly round: number;
  readonly incomplete: readonly string[];
}> {
  const { config } = await client.getRun({ params: { run }, signal });
  const resolved = resolveRun(config, registries, nodeHash);
  const incomplete = lacksOf(resolved);
  if (incomplete.length > 0 && !coldStart) {
    const message = `Cannot write an adapter of run "${run}" as a whole: ${lackText(incomplete)}; --cold-start writes it as it is`;
    throw new FedtuneError("adapter-invalid", message, { data: { run, incomplete } });
  }
  const { bytes, headers } = await client.getAdapter({ params: { run, round: asked }, signal });
  const round = Number(headers["x-fedtune-round"]);
  const base = await openBaseModel(folder ?? resolved.config.model);
  const description = base.describe(resolved.config);
  const takenOut = await takenOutOf(base, resolved);
  await saveAdapter(out, { description, values: valuesOf(bytes), resolved, round, takenOut });
  return { run, round, incomplete };
}

/** Float32 values, little-endian, as the API sends them. */
function valuesOf(bytes: Uint8Array): Float32Array {
  if (bytes.length % 4 !== 0) {
    const message = `Cannot use an adapter of ${bytes.length} bytes: wanted float32 values`;
    throw new FedtuneError("blob-corrupt", message);
  }
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
}
