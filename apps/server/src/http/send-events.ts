/** Sends a feed as server-sent events: with a beat in silence, an end in sight, and no more memory than is fair. */
import { eventText, keepAlive } from "@fedtune/api";
import type { Clock } from "@fedtune/core";
import type { Request, Response } from "express";
import type { Feed } from "./feed.ts";

/** Time between two signs of life. */
const BEAT_MS = 15_000;
/** A stream ends after this, so that its reader has to show again who it is. */
const MAX_STREAM_MS = 15 * 60_000;
/** A reader that is further behind is cut off; it may go on from the last event that it has. */
const MAX_BEHIND_BYTES = 4 << 20;

/** Answers with a feed. */
export function sendEvents<Event>(
  { request, response }: { readonly request: Request; readonly response: Response },
  feed: Feed<Event>,
  { clock, check }: { readonly clock: Clock; readonly check: (event: Event) => void },
): void {
  const last = request.headers["last-event-id"]?.toString() ?? null;
  if (feed.isOver(last)) {
    // What makes a browser's EventSource stop asking.
    response.status(204).end();
    return;
  }
  const write = (text: string): void => {
    // Until its close is told, a stream that was cut off throws at whoever writes to it.
    if (response.writableEnded || response.destroyed) return;
    response.write(text);
    if (response.writableLength > MAX_BEHIND_BYTES) response.destroy();
  };
  const finish = (): void => {
    if (!response.destroyed) response.end();
  };
  const begin = (): void => {
    if (response.headersSent) return;
    response.status(200).set({
      "Content-Type": "text/event-stream; charset=utf-8",
      "X-Accel-Buffering": "no",
    });
    response.flushHeaders();
  };
  const stop = feed.read(last, {
    event(event, id) {
      check(event);
      begin();
      write(eventText({ type: "message", id, data: JSON.stringify(event) }));
    },
    end(forGood) {
      begin();
      if (forGood) write(eventText({ type: "end", id: null, data: "{}" }));
      finish();
    },
  });
  begin();
  const timers = streamTimers(clock, {
    beat: () => {
      write(keepAlive);
    },
    end: finish,
  });
  const left = (): void => {
    timers.stop();
    stop();
  };
  // Who has gone meanwhile leaves nothing behind.
  if (response.closed) left();
  else response.once("close", left);
}

function streamTimers(
  clock: Clock,
  { beat, end }: { readonly beat: () => void; readonly end: () => void },
): { stop(): void } {
  const stopEnd = clock.after(MAX_STREAM_MS, end);
  let stopBeat = (): void => undefined;
  const next = (): void => {
    stopBeat = clock.after(BEAT_MS, () => {
      beat();
      next();
    });
  };
  next();
  return {
    stop() {
      stopBeat();
      stopEnd();
    },
  };
}
