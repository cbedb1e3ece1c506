/** Threads that help with tasks: what a platform must offer, and how an engine gets them. */
import type { Engine } from "./engine.ts";
import { mostThreads } from "./engine.ts";
import type { WasmMemory, WasmModule } from "./web-assembly.ts";

/** What a thread is given: it makes an instance over the memory and serves in its slot until it is ended. */
export interface ThreadSetup {
  readonly module: WasmModule;
  readonly memory: WasmMemory;
  readonly control: number;
  readonly slot: number;
}

/** The platform's part. */
export interface ThreadPlatform {
  readonly cores: number;
  /** Why threads cannot share a memory here; absent where they can. */
  readonly alone?: string;
  /** Whether the training thread may sleep; the main thread of a page must not. */
  readonly maySleep: boolean;
  /** TensorFlow.js' single-threaded binary with SIMD. */
  readStockBinary(): Promise<Uint8Array>;
  /** Starts a thread; resolves when it serves. It ends with the thread that started it. */
  startThread(setup: ThreadSetup): Promise<void>;
}

/** A number of threads, or `auto`: as many as pay here. */
export type ThreadRequest = number | "auto";

/** The most threads a request may lead to. With more than two processors one is left to others. */
export function wantedThreads(request: ThreadRequest, cores: number): number {
  const wanted = request === "auto" ? (cores > 2 ? cores - 1 : cores) : request;
  return Math.min(Math.max(1, wanted), mostThreads);
}

/** The body of a thread; `given` is what the platform handed over, `tell` how it says that it serves. */
export const threadBody = `
const { module, memory, control, slot } = given;
const { exports } = new WebAssembly.Instance(module, { env: { memory } });
tell("serving");
exports.serve(control, slot);`;

/** Starts threads until `count` serve, the calling one included. @throws Error when one does not start */
export async function startThreads(
  engine: Engine,
  count: number,
  { platform, module }: { readonly platform: ThreadPlatform; readonly module: WasmModule },
): Promise<void> {
  const { control, heap } = engine;
  while (engine.slots < count) {
    const slot = engine.slots;
    engine.useSlots(slot + 1);
    try {
      await platform.startThread({ module, memory: heap.memory, control, slot });
    } catch (error) {
      engine.useSlots(slot);
      throw error;
    }
  }
}
