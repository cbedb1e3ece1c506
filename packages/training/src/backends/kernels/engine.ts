/** Runs tasks of our compiled kernels in the backend's memory, on one thread or several. */
import type { Heap } from "./heap.ts";

/** The kernels in the order in which `assembly/tasks.ts` numbers them. */
const kernelNumbers = {
  productRows: 0,
  productColumns: 1,
  productBatch: 2,
  erf: 3,
  gelu: 4,
  geluGradient: 5,
  layerNorm: 6,
  layerNormGradient: 7,
  attention: 8,
  attentionGradient: 9,
} as const;

/** One call of a kernel: `items` independent parts, which may be split between threads at multiples of `grain`. */
export interface Task {
  readonly kernel: keyof typeof kernelNumbers;
  readonly items: number;
  readonly grain: number;
  /** Roughly how many floating-point operations it is, which decides whether threads pay. */
  readonly work: number;
  /** Arguments in the order of `assembly/tasks.ts`: integers and addresses as they are, floats through {@link float}. */
  readonly cells: readonly number[];
  /** Scratch memory that each thread needs. */
  readonly scratchBytes?: number;
}

/** The exports of the binary. */
export interface KernelExports {
  dispatch(control: number, chunks: number, maySleep: number): void;
  productScratchBytes(columns: number): number;
}

/** Compiled kernels over one memory. */
export interface Engine {
  readonly heap: Heap;
  /** Threads that large tasks are cut for, the calling one included. */
  readonly threads: number;
  /** Address of the block through which tasks are handed to threads. */
  readonly control: number;
  /** Cuts tasks for `count` threads from now on; all but one should be serving. Results do not depend on it. */
  useThreads(count: number): void;
  /** Threads that may take chunks, the calling one included: each has scratch memory of its own. */
  readonly slots: number;
  /** Sets how many those are; before the thread of a new slot starts. */
  useSlots(count: number): void;
  run(task: Task): void;
  /** Scratch that a product with so many columns needs. */
  productScratchBytes(columns: number): number;
}

/** Layout of the control block, in 32-bit cells; the other half is `assembly/index.ts`. */
const cell = { kernel: 32, items: 33, chunk: 34, arguments: 48, scratch: 80, end: 144 } as const;
/** More threads than this have no scratch cell. */
export const mostThreads = cell.end - cell.scratch;
/** Below this, waking a thread costs more than it saves: some 20 microseconds of one core. */
const SMALL_WORK = 4e5;
/** More chunks than threads, so that a thread that is late holds the others up less. */
const CHUNKS_PER_THREAD = 3;

const bits = new DataView(new ArrayBuffer(4));

/** A float32 as the 32-bit cell of an argument list. */
export function float(value: number): number {
  bits.setFloat32(0, value);
  return bits.getInt32(0);
}

/** Makes an engine on one thread. */
export function createEngine(heap: Heap, exports: KernelExports, maySleep: boolean): Engine {
  const control = alignedBlock(heap);
  const scratch = { bytes: 0, addresses: [] as number[] };
  let [threads, slots] = [1, 1];
  const cells = (): Int32Array => new Int32Array(heap.memory.buffer, control, cell.end);
  const reserve = (bytes: number): void => {
    if (bytes <= scratch.bytes && scratch.addresses.length === slots) return;
    scratch.addresses.splice(0).forEach((address) => heap.free(address));
    scratch.bytes = Math.max(bytes, scratch.bytes);
    while (scratch.addresses.length < slots) scratch.addresses.push(heap.allocate(scratch.bytes));
    cells().set(scratch.addresses, cell.scratch);
  };
  return {
    heap,
    control,
    get threads() {
      return threads;
    },
    get slots() {
      return slots;
    },
    useThreads(count) {
      threads = count;
    },
    useSlots(count) {
      if (count > mostThreads) throw new RangeError(`Cannot use more than ${mostThreads} threads`);
      slots = count;
    },
    run(task) {
      if (task.items === 0) return;
      reserve(task.scratchBytes ?? 0);
      const chunk = chunkOf(task, threads);
      const view = cells();
      view[cell.kernel] = kernelNumbers[task.kernel];
      view[cell.items] = task.items;
      view[cell.chunk] = chunk;
      view.set(task.cells, cell.arguments);
      exports.dispatch(control, Math.ceil(task.items / chunk), Number(maySleep));
    },
    productScratchBytes: (columns) => exports.productScratchBytes(columns),
  };
}

/** Items per chunk: all of them on one thread. */
function chunkOf({ items, grain, work }: Task, threads: number): number {
  if (threads === 1 || work < SMALL_WORK) return items;
  return Math.ceil(items / (threads * CHUNKS_PER_THREAD) / grain) * grain;
}

/** The control block starts a cache line of its own. */
function alignedBlock(heap: Heap): number {
  const address = heap.allocate(4 * cell.end + 64);
  const aligned = (address + 63) & ~63;
  new Int32Array(heap.memory.buffer, aligned, cell.end).fill(0);
  return aligned;
}
