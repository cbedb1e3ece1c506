/** The backends of a browser, best first. */
import type { Backend, ChosenBackend, PassedOver } from "./backend.ts";
import { avoiding, firstThatWorks, refusal } from "./backend.ts";
import type { WebglFacts } from "./browser-webgl.ts";
import { webglOver } from "./browser-webgl.ts";
import { cpu } from "./cpu.ts";
import type { KernelOptions } from "./kernels/attach.ts";
import type { ThreadPlatform } from "./kernels/threads.ts";
import { wasmOver } from "./wasm.ts";
import type { Gpu, GpuAdapter } from "./webgpu.ts";
import { webgpuOver } from "./webgpu.ts";

/** In the order in which `auto` tries them. */
export const browserBackendNames = ["webgpu", "wasm", "webgl", "cpu"] as const;
/** One of {@link browserBackendNames}. */
export type BrowserBackendName = (typeof browserBackendNames)[number];
/** What may be asked for: `auto` takes the first that works. */
export type BrowserBackendRequest = BrowserBackendName | "auto";

/**
 * Why a backend was passed over: the browser lacks it (`missing`), gives no adapter (`blocked`), would imitate it on the
 * processor (`software`), its limits are too small for the model (`limits`), it computed wrongly (`broken`), its device
 * was lost while training (`lost`), its memory ran full (`memory`), or it did not start (`failed`).
 */
export const fallbackReasons = [
  ...(["missing", "blocked", "software", "limits"] as const),
  ...(["broken", "lost", "memory", "failed"] as const),
] as const;
/** One of {@link fallbackReasons}. */
export type FallbackReason = (typeof fallbackReasons)[number];

/** A backend that was tried and not taken, as plain data. */
export interface BrowserPassedOver {
  readonly backend: BrowserBackendName;
  readonly reason: FallbackReason;
  /** One sentence. */
  readonly message: string;
}

/** The backend in use in a browser. */
export interface ChosenBrowserBackend extends ChosenBackend<BrowserBackendName> {
  /** Name of the graphics card where the browser tells it. */
  readonly device: string | null;
  readonly passedOver: readonly BrowserPassedOver[];
}

/** What the browser offers; in a worker, since it may sleep. */
export interface BrowserPlatform {
  readonly threads: ThreadPlatform;
  /** `navigator.gpu`, or null without WebGPU. */
  readonly gpu: Gpu | null;
  /** What is known of WebGL 2, or null without it. */
  probeWebgl(): WebglFacts | null;
}

/** What is wanted. */
export interface BrowserBackendOptions extends KernelOptions {
  readonly backend: BrowserBackendRequest;
  /** Also takes graphics cards that the processor imitates. */
  readonly allowSoftware?: boolean;
  /** Bytes of the model's largest tensor. */
  readonly largestTensorBytes?: number;
  /** Backends that failed earlier: `auto` goes past them. */
  readonly avoid?: readonly BrowserPassedOver[];
}

/**
 * Makes the requested backend current in this worker.
 *
 * @throws FedtuneError `backend-unavailable`, `backend-broken`
 */
export async function chooseBrowserBackend(
  platform: BrowserPlatform,
  options: BrowserBackendOptions,
): Promise<ChosenBrowserBackend> {
  const { backend: request, kernels = "own", threads = "auto", avoid = [] } = options;
  let device: string | null = null;
  const graphics = { allowSoftware: options.allowSoftware === true };
  const backends: readonly Backend<BrowserBackendName>[] = [
    webgpuOver(() => provided(platform.gpu), {
      ...graphics,
      largestTensorBytes: options.largestTensorBytes ?? 0,
      onAdapter: (adapter) => (device = adapterName(adapter)),
    }),
    wasmOver(platform.threads, { kernels, threads }),
    webglOver(() => platform.probeWebgl(), {
      ...graphics,
      onRenderer: (renderer) => (device = renderer),
    }),
    cpu,
  ];
  const tried = request === "auto" ? avoiding(backends, avoid) : backends;
  const { name, state, passedOver } = await firstThatWorks(tried, request);
  const plain = passedOver.map(plainly);
  return {
    name,
    device: name === "webgpu" || name === "webgl" ? device : null,
    ...state,
    passedOver: plain,
    notes: [...plain.map(({ backend, message }) => `${backend}: ${message}`), ...state.notes],
  };
}

function provided(gpu: Gpu | null): Promise<Gpu> {
  return gpu === null
    ? Promise.reject(refusal("missing", "this browser has no WebGPU"))
    : Promise.resolve(gpu);
}

function adapterName({ info }: GpuAdapter): string | null {
  const { description = "", vendor = "", architecture = "" } = info ?? {};
  return description || `${vendor} ${architecture}`.trim() || null;
}

function plainly({ backend, error }: PassedOver<BrowserBackendName>): BrowserPassedOver {
  const named = fallbackReasons.find((reason) => reason === error.data["reason"]);
  return { backend, reason: named ?? "failed", message: error.message };
}
