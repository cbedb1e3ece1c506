/** Taking part in a run until it ends, is left, or cannot go on: lost connections are made again for as long as it takes. */
import { runClient } from "@fedtune/client";
import type { ClientListener, ClientPorts, OwnAdapter } from "@fedtune/client";
import { asFedtuneError, errorCodes, FedtuneError, isFedtuneError } from "@fedtune/core";
import type {
  ClientId,
  ClientTransport,
  DataRef,
  DeviceFacts,
  MessageOf,
  RunId,
} from "@fedtune/core";
import { privacySettings } from "@fedtune/dp";
import { problemOf } from "../problem.ts";
import type { Problem } from "../invitation.ts";
import type { Observer, Sightings } from "./observer.ts";
import { observedTransport } from "./observed-transport.ts";
import { tellAccuracy } from "./observed-trainer.ts";

/** Who takes part where, with what. */
export interface PartOptions {
  readonly ports: Omit<ClientPorts, "transport">;
  /** A transport for one try; it is closed at the end of it. */
  readonly transport: () => ClientTransport;
  readonly client: ClientId;
  readonly run: RunId;
  readonly data: DataRef;
  readonly software: string;
  /** What the organiser is told of this device; null: nothing. */
  readonly device: DeviceFacts | null;
  readonly progressEveryMs: number;
  readonly observer: Observer;
  readonly sightings: Sightings;
  /** Leaves the round; with `isQuiet` nobody is told. */
  readonly signal: AbortSignal;
  readonly isQuiet: () => boolean;
  /** Resolves early when there is reason to try again, such as a network that is back. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  welcomed?(welcome: MessageOf<"welcome">): void;
  /** This device's adapter as it is when a try ends; null: it never had one. */
  adapter?(adapter: OwnAdapter | null): Promise<void>;
}

/** How it ended. */
export type PartEnd =
  | {
      readonly kind: "finished";
      readonly status: "completed" | "failed" | "stopped";
      readonly rounds: number;
    }
  | { readonly kind: "left" }
  | { readonly kind: "refused"; readonly problem: Problem };

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

/**
 * Takes part.
 *
 * @throws FedtuneError what makes it impossible here: `storage-failed`, `backend-unavailable` and others
 */
export async function takePart(options: PartOptions): Promise<PartEnd> {
  let mayForget = true;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    const began = options.observer.now();
    const end = await oneTry(options).catch((error: unknown) => {
      // A damaged record was moved aside: the next try begins afresh. Anything else of that code is damaged for good.
      if (!mayForget || !isFedtuneError(error, "state-corrupt")) throw error;
      mayForget = false;
      options.observer.tell({ type: "notice", notice: { kind: "state-lost", at: began } });
      return null;
    });
    if (end !== null) return end;
    // A connection that held for long was no part of this row of failures.
    if (options.observer.now() - began > LONGEST_PAUSE_MS) pause = FIRST_PAUSE_MS;
    await options.wait(pause, options.signal);
    if (options.signal.aborted) return { kind: "left" };
  }
}

/** Codes of a connection, or of a coordinator that is busy or restarts: the same may work in a while. */
const passing: ReadonlySet<string> = new Set([
  ...["transport-closed", "timeout", "rate-limited", "draining", "blob-missing", "blob-corrupt"],
]);

/** Null: it is worth another try. */
async function oneTry(options: PartOptions): Promise<PartEnd | null> {
  let settings: ReturnType<typeof privacySettings> | null = null;
  let adapter: OwnAdapter | null = null;
  const { observer, sightings, isQuiet, signal, client, run, data } = options;
  const addsNoise = (): boolean =>
    settings !== null &&
    (settings.mode === "record-level" ||
      (settings.mode === "user-level" && settings.noiseBy === "clients"));
  const transport = observedTransport(options.transport(), {
    ...{ observer, sightings, isQuiet, addsNoise },
  });
  const listener = listenerOf(options, {
    welcomed(welcome) {
      settings = privacySettings(welcome.spec.privacy);
      options.welcomed?.(welcome);
    },
    ended: (own) => (adapter = own),
  });
  try {
    const ports = { ...options.ports, transport };
    const { software, device, progressEveryMs } = options;
    const who = { client, run, data, software, device, progressEveryMs };
    const end = await runClient(ports, { ...who, signal, listener });
    if (end.kind !== "refused") return end;
    if (passing.has(end.code)) return null;
    return { kind: "refused", problem: problemOf(new FedtuneError(end.code, end.message)) };
  } catch (error) {
    const failure = asFedtuneError(error);
    if (signal.aborted) return { kind: "left" };
    if (!passing.has(failure.code)) throw failure;
    return null;
  } finally {
    await options.adapter?.(adapter);
  }
}

function listenerOf(
  { observer, sightings }: PartOptions,
  told: Pick<ClientListener, "welcomed" | "ended">,
): ClientListener {
  const codeOf = (round: number) => {
    const code = sightings.codes.get(round);
    return errorCodes.find((known) => known === code) ?? null;
  };
  return {
    ...told,
    delivered({ round, bytes, accepted, reason = null }) {
      const code = accepted ? null : codeOf(round);
      const result = accepted ? "accepted" : code === "late-update" ? "late" : "refused";
      const at = observer.now();
      observer.tell({ type: "answered", round, result, code, message: reason, bytes, at });
    },
    declined({ round, message }) {
      const at = observer.now();
      const facts = { code: null, message, bytes: 0, at };
      observer.tell({ type: "answered", round, result: "declined", ...facts });
    },
    evaluated({ round, metrics }) {
      if (metrics !== null) tellAccuracy({ observer, sightings }, round, metrics);
    },
  };
}
