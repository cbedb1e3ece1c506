/** What a compute backend is, and how one is chosen. */
import * as tf from "@tensorflow/tfjs";
import type { ErrorCode } from "@fedtune/core";
import { FedtuneError, isFedtuneError } from "@fedtune/core";
import type { KernelState } from "./kernels/attach.ts";
import { selfTest } from "./self-test.ts";

/** Backends by name; which of them exist depends on the platform. */
export const backendNames = ["tfjs-node-gpu", "tfjs-node", "webgpu", "wasm", "cpu"] as const;
/** One of {@link backendNames}. */
export type BackendName = (typeof backendNames)[number];
/** What a user may ask for: `auto` takes the first that works. */
export type BackendRequest = BackendName | "auto";

/** One backend. */
export interface Backend {
  readonly name: BackendName;
  /** TensorFlow.js' own name of it. */
  readonly tfName: string;
  /** Loads and registers it. @throws Error whose message says what is missing and what fetches it */
  load(): Promise<void>;
  /** What is left to do once it is current; tells what it computes with. */
  finish?(): Promise<KernelState>;
}

/** The backend in use, and why those before it in the list were passed over. */
export interface ChosenBackend {
  readonly name: BackendName;
  /** Whether kernels are ours; only wasm has some of ours. */
  readonly kernels: KernelState["kernels"];
  /** Threads that our kernels run on; 1 without them. */
  readonly threads: number;
  /** One sentence per backend that was tried and not taken, and per wish that could not be met. */
  readonly notes: readonly string[];
}

/**
 * Makes a backend current once it has passed the self-test.
 *
 * `auto` tries `backends` in order; a name takes that one or nothing.
 *
 * @throws FedtuneError `backend-unavailable` when it cannot be loaded, `backend-broken` when it computes wrongly
 */
export async function chooseFrom(
  backends: readonly Backend[],
  request: BackendRequest,
): Promise<ChosenBackend> {
  // Production mode: no hints and no advertisements on the console.
  tf.env().set("PROD", true);
  const candidates =
    request === "auto" ? backends : backends.filter(({ name }) => name === request);
  const notes: string[] = [];
  let last: FedtuneError | null = null;
  for (const backend of candidates) {
    const found = await tryBackend(backend);
    if (!isFedtuneError(found))
      return { name: backend.name, ...found, notes: [...notes, ...found.notes] };
    notes.push(`${backend.name}: ${found.message}`);
    last = found;
  }
  if (request !== "auto" && last !== null) throw last;
  const known = backends.map(({ name }) => name).join(", ");
  const message =
    request === "auto"
      ? `Cannot train: no backend works (${notes.join("; ")})`
      : `Cannot use backend "${request}": this platform has ${known}`;
  throw new FedtuneError("backend-unavailable", message, { data: { backend: request, notes } });
}

const stock: KernelState = { kernels: "stock", threads: 1, notes: [] };

async function tryBackend(backend: Backend): Promise<FedtuneError | KernelState> {
  let state: KernelState;
  try {
    await backend.load();
    const accepted = await tf.setBackend(backend.tfName);
    await tf.ready();
    // A refused backend is silently replaced by another one.
    if (!accepted || tf.getBackend() !== backend.tfName)
      return failure("backend-unavailable", backend, "TensorFlow.js refused to start it");
    state = (await backend.finish?.()) ?? stock;
  } catch (error) {
    return failure("backend-unavailable", backend, error);
  }
  const wrong = await selfTest();
  return wrong === null ? state : failure("backend-broken", backend, wrong);
}

function failure(code: ErrorCode, { name }: Backend, reason: unknown): FedtuneError {
  const text = reason instanceof Error ? reason.message : String(reason);
  return new FedtuneError(code, `Cannot use backend "${name}": ${text}`, {
    data: { backend: name },
    cause: reason,
  });
}
