/** Following events: one stream after the other, each going on where the last one broke off. */
import { FedtuneError, isFedtuneError, utf8 } from "@fedtune/core";
import type { z } from "zod";
import { jsonOf, parseAnswer } from "./body.ts";
import { pause, startWait } from "./deadline.ts";
import { readEvents } from "./event-stream.ts";
import type { WireEvent } from "./event-stream.ts";
import { ask } from "./request.ts";
import type { Asked, RequestPorts } from "./request.ts";
import type { Route } from "./route.ts";

/** How a stream is followed. */
export interface FollowOptions {
  readonly signal?: AbortSignal;
  /** Longest silence before a stream is opened anew; the coordinator speaks every 15 seconds. */
  readonly silenceMs?: number;
  /** Streams that may fail one after the other without an event between them. */
  readonly attempts?: number;
  /** Pause before a stream is opened anew. */
  readonly backoffMs?: number;
  /** Where to go on; absent: with the present state. */
  readonly lastEventId?: string;
}

type Settings = Asked & FollowOptions & { readonly silenceMs: number };

/**
 * Yields events until the coordinator says that there are no more.
 *
 * @throws FedtuneError what the coordinator answered, or the failure of the last attempt
 */
export async function* follow<Schema extends z.ZodType>(
  ports: RequestPorts,
  { route, schema }: { readonly route: Route; readonly schema: Schema },
  asked: Asked & FollowOptions,
): AsyncGenerator<z.output<Schema>> {
  const { attempts = 5, backoffMs = 1_000, silenceMs = 45_000, signal } = asked;
  let last = asked.lastEventId ?? null;
  for (let left = attempts; ;) {
    try {
      for await (const { type, id, data } of stream(ports, route, { ...asked, silenceMs, last })) {
        if (type === "end") return;
        left = attempts;
        last = id ?? last;
        yield parseAnswer(schema, jsonOf(utf8(data)));
      }
    } catch (error) {
      left -= 1;
      if (left === 0 || !isFedtuneError(error) || !error.retryable) throw error;
    }
    await pause(ports.clock, backoffMs, signal);
  }
}

async function* stream(
  ports: RequestPorts,
  route: Route,
  { silenceMs, last, signal, ...asked }: Settings & { readonly last: string | null },
): AsyncGenerator<WireEvent> {
  const wait = startWait({ clock: ports.clock, ms: silenceMs, what: "events" }, signal);
  const extra = last === null ? {} : { "last-event-id": last };
  try {
    const response = await ask(ports, route, { ...asked, extra, signal: wait.signal });
    if (response.status === 204) yield { type: "end", id: null, data: "" };
    const reader = response.body?.getReader();
    if (reader === undefined) return;
    try {
      yield* readEvents(reader, wait.extend);
    } finally {
      await reader.cancel().catch(() => undefined);
    }
  } catch (error) {
    throw lost(wait.cause(error));
  } finally {
    wait.close();
  }
}

/** A stream that broke off is a lost connection. */
function lost(cause: unknown): FedtuneError {
  return isFedtuneError(cause)
    ? cause
    : new FedtuneError("transport-closed", "Cannot follow: the coordinator broke off", { cause });
}
