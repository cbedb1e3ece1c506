/**
 * Kernels for the memory of TensorFlow.js' wasm backend, in AssemblyScript.
 *
 * The memory belongs to the backend: no strings, arrays, classes or variables outside functions here, so that the binary has
 * no data, no globals and no table. Helpers that must not become calls stand in `inline.always(...)`.
 */
import { perform } from "./tasks";

export { productScratchBytes } from "./gemm";

// The control block, byte offsets. A task is cut into chunks; `open` holds how many are not yet taken (low word) and the number
// of the task (high word), so that a claim by a thread that slept through a task fails.
const OPEN: usize = 0;
const DONE: usize = 64;
const KERNEL: usize = 128;
const ITEMS: usize = 132;
const CHUNK: usize = 136;
const CELLS: usize = 192;
const SCRATCH: usize = 320;

/** Rounds of looking for work before a thread goes to sleep: some tens of microseconds. */
const SPIN: i32 = 2000;
/** How long the last chunks may take: asleep, and spinning (some tens of seconds). */
const DEADLINE_NS: i64 = 60_000_000_000;
const MOST_SPINS: i32 = 0x7ffffff0;

/**
 * Carries out the task in the control block, in `chunks` chunks, with the help of the threads that serve it.
 *
 * Which thread takes which chunk changes nothing in the result. With `maySleep` unset the caller spins until the last chunk is
 * done: a page's main thread must not sleep.
 */
export function dispatch(control: usize, chunks: i32, maySleep: bool): void {
  if (chunks == 1) {
    chunk(control, 0, 0);
    return;
  }
  const task = (atomic.load<i64>(control, OPEN) >>> 32) + 1;
  atomic.store<i32>(control, 0, DONE);
  atomic.store<i64>(control, (task << 32) | (<i64>chunks), OPEN);
  atomic.notify(control + OPEN, -1);
  work(control, 0);
  let spins = 0;
  let done = atomic.load<i32>(control, DONE);
  while (done < chunks) {
    if (++spins > SPIN && maySleep) {
      // A chunk takes milliseconds: a thread that is silent for so long has died, and a trap is better than to wait for it.
      if (atomic.wait<i32>(control + DONE, done, DEADLINE_NS) == AtomicWaitResult.TIMED_OUT)
        unreachable();
    } else if (spins > MOST_SPINS) unreachable();
    done = atomic.load<i32>(control, DONE);
  }
}

/** The life of a helping thread: takes chunks, sleeps when there are none. Its end is the end of its worker. */
export function serve(control: usize, slot: i32): void {
  while (true) {
    let spins = 0;
    while (atomic.load<i32>(control, OPEN) == 0) {
      if (++spins > SPIN) atomic.wait<i32>(control + OPEN, 0, -1);
    }
    work(control, slot);
  }
}

/** Takes chunks until none is left; the arguments are read after a claim, when the task cannot end under our hands. */
function work(control: usize, slot: i32): void {
  while (true) {
    const seen = atomic.load<i64>(control, OPEN);
    const left = <i32>seen;
    if (left == 0) return;
    if (atomic.cmpxchg<i64>(control, seen, seen - 1, OPEN) != seen) continue;
    chunk(control, left - 1, slot);
    atomic.add<i32>(control, 1, DONE);
    atomic.notify(control + DONE, 1);
  }
}

function chunk(control: usize, index: i32, slot: i32): void {
  const size = load<i32>(control, CHUNK);
  const from = index * size;
  const to = min(from + size, load<i32>(control, ITEMS));
  const scratch = load<usize>(control + ((<usize>slot) << 2), SCRATCH);
  perform(load<i32>(control, KERNEL), control + CELLS, from, to, scratch);
}
