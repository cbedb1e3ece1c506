import { memoryClientState } from "@fedtune/client";
import { clientId, encodeMessage, FedtuneError, runId, virtualClock } from "@fedtune/core";
import type { ClientState, ClientTransport, ServerMessage } from "@fedtune/core";
import { nodeHash } from "@fedtune/node-ports";
import { toyData, toyLayout, toyTrainer } from "@fedtune/testkit";
import { expect, it, describe } from "vitest";
import type { Happening } from "./happenings.ts";
import { noSightings } from "./observer.ts";
import { takePart } from "./take-part.ts";
import type { PartEnd, PartOptions } from "./take-part.ts";

const run = runId("toy");
const layout = toyLayout();
const finished: ServerMessage = { type: "finished", run, status: "completed", rounds: 4 };
const goodbye = (code: "draining" | "credential-revoked"): ServerMessage => ({
  ...{ type: "goodbye", code, message: "said the coordinator" },
});

/** A transport that fails to open, or answers the hello. */
function line(answer: ServerMessage | FedtuneError | null, sent: string[] = []): ClientTransport {
  let say = (_: ServerMessage): void => undefined;
  return {
    open(events) {
      if (answer instanceof FedtuneError) return Promise.reject(answer);
      say = (message) => {
        events.message(encodeMessage(message));
      };
      return Promise.resolve();
    },
    send(message) {
      sent.push(message);
      if (message.includes('"hello"') && answer !== null && !(answer instanceof FedtuneError))
        queueMicrotask(() => {
          say(answer);
        });
    },
    download: () => Promise.reject(new Error("nothing to download")),
    upload: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}

interface Play {
  readonly lines: readonly (ServerMessage | FedtuneError | null)[];
  readonly signal?: AbortSignal;
  readonly isQuiet?: boolean;
  readonly state?: ClientState;
  readonly sent?: string[];
}

/** Plays one line after the other; gives the end, the pauses between, and what happened. */
async function play({ lines, signal, isQuiet = false, sent = [], state }: Play) {
  const pauses: number[] = [];
  const happened: Happening[] = [];
  let next = 0;
  const options: PartOptions = {
    ports: {
      ...{
        state: state ?? memoryClientState(),
        hash: nodeHash,
        clock: virtualClock(() => Promise.resolve()),
      },
      trainer: toyTrainer(layout),
      describe: () => Promise.resolve({ layout, modules: [] }),
    },
    transport: () => line(lines[next++] ?? finished, sent),
    ...{ client: clientId("tab"), run, data: toyData(1, 10), software: "test" },
    ...{ device: null, progressEveryMs: 1000, sightings: noSightings() },
    observer: { tell: (happening) => void happened.push(happening), now: () => 0 },
    signal: signal ?? new AbortController().signal,
    isQuiet: () => isQuiet,
    wait(ms) {
      pauses.push(ms);
      return Promise.resolve();
    },
  };
  const end: PartEnd = await takePart(options);
  return { end, pauses, happened };
}

const closed = new FedtuneError("transport-closed", "nobody is there");

describe("taking part", () => {
  it("[TR7] tries again, in growing pauses, for as long as there is no connection", async () => {
    const lines = [...Array.from({ length: 7 }, () => closed), finished];
    const { end, pauses } = await play({ lines });
    expect(end).toEqual({ kind: "finished", status: "completed", rounds: 4 });
    expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  });

  it("[TR7] takes a coordinator that drains for one that comes back", async () => {
    const { end, pauses } = await play({ lines: [goodbye("draining"), finished] });
    expect([end.kind, pauses.length]).toEqual(["finished", 1]);
  });

  it("[SE6] ends with the coordinator's refusal", async () => {
    const { end } = await play({ lines: [goodbye("credential-revoked")] });
    expect(end).toMatchObject({ kind: "refused", problem: { code: "credential-revoked" } });
  });

  it.each(["storage-failed", "backend-unavailable"] as const)(
    "throws what makes it impossible here: %s",
    async (code) => {
      const lines = [new FedtuneError(code, "not here")];
      await expect(play({ lines })).rejects.toMatchObject({ code });
    },
  );

  it("[CL6] leaves politely when it is stopped, and quietly when another tab goes on", async () => {
    for (const isQuiet of [false, true]) {
      const stop = new AbortController();
      const sent: string[] = [];
      const playing = play({ lines: [null], signal: stop.signal, isQuiet, sent });
      await Promise.resolve();
      stop.abort();
      expect((await playing).end).toEqual({ kind: "left" });
      expect(sent.some((message) => message.includes('"leave"'))).toBe(false);
    }
  });

  it("[CL8] begins afresh once when its record is damaged, and says so; not for ever", async () => {
    const damage = new FedtuneError("state-corrupt", "damaged");
    const { end, happened } = await play({ lines: [damage, finished] });
    expect(end.kind).toBe("finished");
    expect(happened).toContainEqual({ type: "notice", notice: { kind: "state-lost", at: 0 } });
    await expect(play({ lines: [damage, damage] })).rejects.toMatchObject({
      code: "state-corrupt",
    });
  });
});
