/** The client of one data holder in Node: sockets, files and the caller's trainer around the client loop. */
import { enrol, runClient, socketTransport } from "@fedtune/client";
import type {
  ClientListener,
  HolderPrivacy,
  Signer,
  SocketTransportOptions,
} from "@fedtune/client";
import { isFedtuneError, utf8 } from "@fedtune/core";
import type {
  AdapterShape,
  ClientId,
  DataRef,
  DeviceFacts,
  Digest,
  RunId,
  RunSpec,
  SessionEnd,
  Trainer,
} from "@fedtune/core";
import { nodeClock, nodeEntropy, nodeHash } from "@fedtune/node-ports";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileLedgers } from "./file-ledger.ts";
import { fileClientState } from "./file-state.ts";
import { identityFile } from "./identity-file.ts";

/** Who takes part, where, with what data and on what. */
export interface NodeClientOptions {
  /** Origin of the coordinator, for example `http://127.0.0.1:7777`. */
  readonly url: string;
  readonly client: ClientId;
  /** Null: the coordinator's only run. */
  readonly run: RunId | null;
  readonly data: DataRef;
  /** What it evaluates on; null: what the run has it keep out of training. */
  readonly evaluationData?: DataRef | null;
  /** The caller's: it is not closed here. */
  readonly trainer: Trainer;
  /** What this client's own base model gives for the run's adapter. */
  readonly describe: (spec: RunSpec) => Promise<AdapterShape>;
  /** What its owner allows runs to learn about the data; null: runs that charge a ledger are refused. */
  readonly privacy?: Pick<HolderPrivacy, "holder" | "dataset" | "budgetEpsilon"> | null;
  /** Where this machine's clients keep what must outlive them; each coordinator and client has a folder in it. */
  readonly stateDir: string;
  /** Name and version of this program, for the coordinator's logs. */
  readonly software: string;
  /** What computes on this machine, for people who look at the run; absent: not told. */
  readonly device?: DeviceFacts | null;
  readonly listener?: ClientListener;
  /** Enrols with a key of its own, and signs whatever it asks; null: the coordinator takes clients without. */
  readonly enrolment?: {
    readonly run: RunId;
    /** Null: the key is known to the coordinator already, or the run is open to anybody. */
    readonly token: string | null;
  } | null;
  /** Leaves the run. */
  readonly signal?: AbortSignal;
  /** Patience of the transport. */
  readonly connection?: Pick<
    SocketTransportOptions,
    "openTimeoutMs" | "reconnectMs" | "transferTimeoutMs" | "transferAttempts"
  >;
}

/** How often the coordinator hears how far training is. */
const PROGRESS_MS = 5_000;

/** A client that takes part. */
export interface NodeClient {
  /** How its session ended; rejects with what made the session impossible. */
  readonly done: Promise<SessionEnd>;
  /** Leaves the run; resolves when training has stopped and everything is saved and closed. */
  close(): Promise<void>;
}

/** Takes part in a run until it ends or the client is closed. */
export function startNodeClient(options: NodeClientOptions): NodeClient {
  const { signal } = options;
  const leaving = new AbortController();
  const ends = signal === undefined ? leaving.signal : AbortSignal.any([signal, leaving.signal]);
  const done = takePart(options, ends);
  return {
    done,
    async close() {
      leaving.abort();
      await done.catch(() => undefined);
    },
  };
}

async function takePart(options: NodeClientOptions, signal: AbortSignal): Promise<SessionEnd> {
  const { url, client, run, data, software, trainer, describe, listener } = options;
  const { device = null } = options;
  const folder = stateFolder(options.stateDir, url, client);
  const signer = await enrolled(options, folder, signal);
  const transport = socketTransport({
    ...options.connection,
    ...{ url, clock: nodeClock, hash: nodeHash, fetch },
    ...(signer === null ? {} : { signer }),
  });
  const state = fileClientState(folder, nodeHash);
  return runClient(
    {
      ...{ transport, state, clock: nodeClock, hash: nodeHash, trainer, describe },
      entropy: nodeEntropy,
      ...holderOf(options),
    },
    {
      ...{ client, run, data, software, signal, device, progressEveryMs: PROGRESS_MS },
      evaluationData: options.evaluationData ?? null,
      ...(listener === undefined ? {} : { listener }),
    },
  );
}

/** The client's key, made known to the coordinator where there is a token for that. */
async function enrolled(
  { url, client, enrolment = null }: NodeClientOptions,
  folder: string,
  signal: AbortSignal,
): Promise<Signer | null> {
  if (enrolment === null) return null;
  const { run, token } = enrolment;
  const identity = await identityFile(folder);
  const origin = url.replace(/\/$/, "");
  if (token !== null)
    await patiently(signal, (bounded) =>
      enrol({ fetch, url: origin, run, client, token, identity, signal: bounded }),
    );
  const ports = { wallTime: () => Date.now(), entropy: nodeEntropy };
  return { identity, run, client, ports };
}

/** Longest wait for an enrolment, and the pause before it is tried again. */
const ENROL_MS = 30_000;
const ENROL_PAUSE_MS = 500;

/** Tries again while the coordinator cannot be reached: it may be starting. */
async function patiently(
  signal: AbortSignal,
  work: (bounded: AbortSignal) => Promise<void>,
): Promise<void> {
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(ENROL_MS)]);
  for (;;) {
    try {
      await work(bounded);
      return;
    } catch (error) {
      if (!isFedtuneError(error) || !error.retryable || bounded.aborted) throw error;
      await setTimeout(ENROL_PAUSE_MS, undefined, { signal: bounded }).catch(() => {
        throw error;
      });
    }
  }
}

/** The holder's ledgers lie beside the clients' folders: they are of its data, whatever coordinator asks. */
function holderOf({ privacy = null, stateDir }: NodeClientOptions): { privacy?: HolderPrivacy } {
  if (privacy === null) return {};
  const ledgers = fileLedgers(join(stateDir, "ledgers"), nodeHash);
  return { privacy: { ...privacy, ledgers, time: () => new Date().toISOString() } };
}

/** The folder of one client of one coordinator: readable, and different for different addresses. */
function stateFolder(stateDir: string, url: string, client: ClientId): string {
  const origin = url.replace(/\/$/, "").toLowerCase();
  const digest: Digest = nodeHash.sha256(utf8(origin));
  const name = origin.replace(/^https?:\/\//, "").replaceAll(/[^a-z0-9.-]/g, "_");
  return join(stateDir, `${name}-${digest.slice(0, 8)}`, client);
}
