/** What a compute backend is, and how one is chosen. */
import * as tf from "@tensorflow/tfjs";
import type { ErrorCode } from "@fedtune/core";
import { FedtuneError, isFedtuneError } from "@fedtune/core";
import type { KernelState } from "./kernels/attach.ts";
import { selfTest } from "./self-test.ts";

/** Backends of Node by name, best first; which of them work depends on what is installed. */
export const backendNames = ["tfjs-node-gpu", "tfjs-node", "webgpu", "wasm", "cpu"] as const;
/** One of {@link backendNames}. */
export type BackendName = (typeof backendNames)[number];
/** What a user may ask for: `auto` takes the first that works. */
export type BackendRequest = BackendName | "auto";

/** One backend; platforms name theirs. */
export interface Backend<Name extends string = BackendName> {
  readonly name: Name;
  /** TensorFlow.js' own name of it. */
  readonly tfName: string;
  /** Loads and registers it. @throws Error whose message says what is missing and what fetches it; see {@link refusal} */
  load(): Promise<void>;
  /** What is left to do once it is current; tells what it computes with. */
  finish?(): Promise<KernelState>;
}

/** The backend in use, and why those before it in the list were passed over. */
export interface ChosenBackend<Name extends string = BackendName> {
  readonly name: Name;
  /** Whether kernels are ours; wasm and tfjs-node have some of ours. */
  readonly kernels: KernelState["kernels"];
  /** Threads that our kernels run on; 1 without them. */
  readonly threads: number;
  /** What large products are computed in; `f32` where nothing is said. */
  readonly matmulPrecision?: KernelState["matmulPrecision"];
  /** One sentence per backend that was tried and not taken, and per wish that could not be met. */
  readonly notes: readonly string[];
}

/** A backend that was tried and not taken. */
export interface PassedOver<Name extends string> {
  readonly backend: Name;
  /** `data.reason` is what {@link refusal} named. */
  readonly error: FedtuneError;
}

/** An error of `load` that names its kind, for who explains it in other words. */
export function refusal(reason: string, message: string): Error {
  return Object.assign(new Error(message), { reason });
}

/** A backend that failed earlier and is not to be tried again. */
export interface AvoidedBackend<Name extends string = BackendName> {
  readonly backend: Name;
  /** As {@link refusal} takes them. */
  readonly reason: string;
  readonly message: string;
}

/** The backends, of which those that failed refuse to load. */
export function avoiding<Name extends string>(
  backends: readonly Backend<Name>[],
  avoid: readonly AvoidedBackend<Name>[],
): readonly Backend<Name>[] {
  return backends.map((backend) => {
    const failed = avoid.find((one) => one.backend === backend.name);
    if (failed === undefined) return backend;
    return { ...backend, load: () => Promise.reject(refusal(failed.reason, failed.message)) };
  });
}

/**
 * Makes a backend current once it has passed the self-test.
 *
 * `auto` tries `backends` in order; a name takes that one or nothing.
 *
 * @throws FedtuneError `backend-unavailable` when it cannot be loaded, `backend-broken` when it computes wrongly
 */
export async function chooseFrom<Name extends string>(
  backends: readonly Backend<Name>[],
  request: Name | "auto",
): Promise<ChosenBackend<Name>> {
  const { name, state, passedOver } = await firstThatWorks(backends, request);
  const notes = passedOver.map(({ backend, error }) => `${backend}: ${error.message}`);
  return { name, ...state, notes: [...notes, ...state.notes] };
}

/** As {@link chooseFrom}, with the errors themselves. */
export async function firstThatWorks<Name extends string>(
  backends: readonly Backend<Name>[],
  request: Name | "auto",
): Promise<{
  readonly name: Name;
  readonly state: KernelState;
  readonly passedOver: readonly PassedOver<Name>[];
}> {
  // Production mode: no hints and no advertisements on the console.
  tf.env().set("PROD", true);
  const candidates =
    request === "auto" ? backends : backends.filter(({ name }) => name === request);
  const passedOver: PassedOver<Name>[] = [];
  for (const backend of candidates) {
    const found = await tryBackend(backend);
    if (!isFedtuneError(found)) return { name: backend.name, state: found, passedOver };
    passedOver.push({ backend: backend.name, error: found });
  }
  const last = passedOver.at(-1);
  if (request !== "auto" && last !== undefined) throw last.error;
  const notes = passedOver.map(({ backend, error }) => `${backend}: ${error.message}`);
  const known = backends.map(({ name }) => name).join(", ");
  const message =
    request === "auto"
      ? `Cannot train: no backend works (${notes.join("; ")})`
      : `Cannot use backend "${request}": this platform has ${known}`;
  throw new FedtuneError("backend-unavailable", message, { data: { backend: request, notes } });
}

const stock: KernelState = { kernels: "stock", threads: 1, notes: [] };

async function tryBackend(backend: Backend<string>): Promise<FedtuneError | KernelState> {
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
  try {
    const wrong = await selfTest();
    return wrong === null ? state : failure("backend-broken", backend, refusal("broken", wrong));
  } catch (error) {
    // A device that is gone starts as if it were there, and fails at the first thing asked of it.
    return failure("backend-broken", backend, error);
  }
}

function failure(code: ErrorCode, { name }: Backend<string>, cause: unknown): FedtuneError {
  const text = cause instanceof Error ? cause.message : String(cause);
  const reason = cause instanceof Error && "reason" in cause ? { reason: cause.reason } : {};
  return new FedtuneError(code, `Cannot use backend "${name}": ${text}`, {
    data: { backend: name, ...reason },
    cause,
  });
}
