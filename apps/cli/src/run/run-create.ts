import { isFedtuneError } from "@fedtune/core";
import { loadConfig, withPlaces } from "../config/load.ts";
import type { Io } from "../io.ts";
import type { Assignment } from "../values.ts";
import type { ServerOptions } from "../verbs/run-options.ts";
import { openClient } from "./run-client.ts";
import { stateText } from "./run-show.ts";

/** What `fedtune run create` was asked for. */
export interface RunCreateOptions extends ServerOptions {
  readonly config: string;
  readonly set?: readonly Assignment[] | undefined;
  readonly start?: true | undefined;
}

/** Makes a run; what the coordinator refuses comes with its place in the file. */
export async function runCreate(options: RunCreateOptions, io: Io): Promise<undefined> {
  const source = await loadConfig({ file: options.config, set: options.set });
  const client = await openClient(options);
  const body = { config: source.value, start: options.start === true };
  const run = await client.createRun({ body, signal: io.signal }).catch((error: unknown) => {
    if (!isFedtuneError(error)) throw error;
    return withPlaces(source, () => {
      throw error;
    });
  });
  io.result(run, () => {
    const next = run.state.paused
      ? `It is paused; begin with: fedtune run resume ${run.id}`
      : `Let clients in with: fedtune token create --run ${run.id}`;
    return `${stateText(run)}\n${next}`;
  });
  return undefined;
}
