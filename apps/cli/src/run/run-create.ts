import type { ApiClient } from "@fedtune/api";
import { writeJoinLink } from "@fedtune/client";
import { isFedtuneError } from "@fedtune/core";
import type { RunId } from "@fedtune/core";
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
  const { origin: url } = new URL(options.server);
  const dashboard = `${url}/runs/${run.id}`;
  const joinLink = await linkInto(client, { url, run: run.id, signal: io.signal });
  io.result({ ...run, dashboard, joinLink }, () => {
    const begin = run.state.paused
      ? [`It is paused; begin with: fedtune run resume ${run.id}`]
      : [];
    const join = joinLink ?? `to be had with: fedtune token create --run ${run.id}`;
    return [stateText(run), ...begin, `Dashboard: ${dashboard}`, `Join link: ${join}`].join("\n");
  });
  return undefined;
}

interface Place {
  readonly url: string;
  readonly run: RunId;
  readonly signal: AbortSignal;
}

/** A link that lets data holders in, with a token where one is needed; null: this program may let nobody in. */
async function linkInto(client: ApiClient, { url, run, signal }: Place): Promise<string | null> {
  const params = { run };
  try {
    await client.openInvitation({ params, body: {}, signal });
    return writeJoinLink({ url, run, token: null });
  } catch (error) {
    if (!isFedtuneError(error, "unauthenticated")) return null;
  }
  try {
    const { secret } = await client.createEnrolmentToken({ params, body: {}, signal });
    return writeJoinLink({ url, run, token: secret });
  } catch (error) {
    if (isFedtuneError(error)) return null;
    throw error;
  }
}
