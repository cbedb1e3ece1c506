/** Puts our kernels into the started wasm backend, after a test against the stock ones. */
import * as tf from "@tensorflow/tfjs";
import type { Engine } from "./engine.ts";
import { float } from "./engine.ts";
import { heapOf } from "./heap.ts";
import type { OpenEngine } from "./open-engine.ts";
import { openEngine } from "./open-engine.ts";
import { runProduct } from "./product.ts";
import type { ProbeResults } from "./probe.ts";
import { difference, probe } from "./probe.ts";
import { installKernels, removeKernels } from "./registry.ts";
import type { MatmulPrecision } from "../tensorflow/precision.ts";
import type { ThreadPlatform, ThreadRequest } from "./threads.ts";
import { startThreads, wantedThreads } from "./threads.ts";

/** What is wanted. */
export interface KernelRequest {
  readonly kernels: "own" | "stock";
  readonly threads: ThreadRequest;
}

/** How the wasm backend computes: our kernels on as many threads as pay, unless told otherwise. */
export type KernelOptions = Partial<KernelRequest>;

/** What came of it. */
export interface KernelState {
  readonly kernels: "own" | "stock";
  /** Threads that our kernels run on. */
  readonly threads: number;
  /** What large products are computed in; `f32` where nothing is said. */
  readonly matmulPrecision?: MatmulPrecision;
  /** Why it is less than was wanted; one sentence each. */
  readonly notes: readonly string[];
}

const TOLERANCE = 1e-5;
const attached = new WeakMap<object, Promise<OpenEngine>>();

/**
 * Makes the current wasm backend compute with our kernels, or with the stock ones.
 *
 * Never throws: whatever does not work is left out, and a note says why.
 */
export async function attachKernels(
  { kernels, threads }: KernelRequest,
  platform: ThreadPlatform,
): Promise<KernelState> {
  removeKernels();
  if (kernels === "stock") return { kernels, threads: 1, notes: [] };
  try {
    const { engine, module } = await attachedTo(tf.backend(), platform);
    const wanted = await probe();
    engine.useThreads(1);
    installKernels(engine);
    const alone = await probe();
    const wrong = difference(alone, wanted, TOLERANCE);
    if (wrong !== null) throw new Error(`${wrong} comes out differently`);
    const note = await addThreads({ engine, module, platform, alone }, threads);
    return { kernels, threads: engine.threads, notes: note === null ? [] : [note] };
  } catch (error) {
    removeKernels();
    const note = `wasm: computes with TensorFlow.js' own kernels, since ours failed: ${reasonOf(error)}`;
    return { kernels: "stock", threads: 1, notes: [note] };
  }
}

function attachedTo(backend: object, platform: ThreadPlatform): Promise<OpenEngine> {
  const known = attached.get(backend) ?? openEngine(heapOf(backend), platform);
  attached.set(backend, known);
  return known;
}

interface ThreadStart extends OpenEngine {
  readonly platform: ThreadPlatform;
  /** What one thread makes of the probe. */
  readonly alone: ProbeResults;
}

/** Sets the engine's threads; gives the reason when they are fewer than asked for. */
async function addThreads(start: ThreadStart, request: ThreadRequest): Promise<string | null> {
  const { engine, platform, alone } = start;
  const count = wantedThreads(request, platform.cores);
  if (count === 1) return null;
  if (platform.alone !== undefined) return `wasm: one thread, since ${platform.alone}`;
  if (!engine.heap.shared)
    return "wasm: one thread, since the backend was started with a memory that threads cannot share";
  try {
    await startThreads(engine, count, start);
    engine.useThreads(count);
    if (difference(await probe(), alone, 0) !== null) throw new Error("the bits differ");
  } catch (error) {
    engine.useThreads(1);
    return `wasm: one thread, since ${count} failed: ${reasonOf(error)}`;
  }
  if (request === "auto" && !threadsPay(engine, count)) {
    engine.useThreads(1);
    return `wasm: one thread, since ${count} are not faster here now`;
  }
  return null;
}

const SIDE = 256;
const REPETITIONS = 5;
/** Threads stay when they need at most this part of one thread's time. */
const WORTH_IT = 0.8;

/** Measures one product, a few milliseconds in all; other processes may have the other cores. */
function threadsPay(engine: Engine, count: number): boolean {
  const address = engine.heap.allocate(3 * 4 * SIDE * SIDE);
  new Int32Array(engine.heap.memory.buffer, address, 2 * SIDE * SIDE).fill(float(1));
  const matrix = (index: number) => ({
    ...{ address: address + 4 * index * SIDE * SIDE, rowStride: SIDE, columnStride: 1 },
  });
  const size = { rows: SIDE, columns: SIDE, depth: SIDE };
  const best = (threads: number): number => {
    engine.useThreads(threads);
    const times = Array.from({ length: REPETITIONS }, () => {
      const began = performance.now();
      runProduct(engine, { ...size, a: matrix(0), b: matrix(1), c: matrix(2).address });
      return performance.now() - began;
    });
    return Math.min(...times);
  };
  const alone = best(1);
  const together = best(count);
  engine.heap.free(address);
  return together <= WORTH_IT * alone;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
