/** Timers by the time at which they fire: a binary heap, so that tens of thousands of waiting clients cost little. */

/** A timer that waits. */
export interface QueuedTimer {
  readonly at: number;
  readonly callback: () => void;
}

/** Timers in order of time, those of one time in order of their making. */
export interface TimerQueue {
  /** Adds one, O(log n); the result takes it out again, O(1). */
  add(at: number, callback: () => void): () => void;
  /** Takes out the earliest, O(log n); null: there is none. */
  next(): QueuedTimer | null;
}

interface Entry extends QueuedTimer {
  readonly order: number;
  /** Fired or taken out: a mark that stays in the heap until its turn comes, or until marks outnumber the rest. */
  isOver: boolean;
}

/** Marks that are not worth a sweep. */
const FEW = 64;

/** Makes an empty queue. */
export function timerQueue(): TimerQueue {
  let heap: Entry[] = [];
  let order = 0;
  let over = 0;
  return {
    add(at, callback) {
      const entry = { at, callback, order: order++, isOver: false };
      heap.push(entry);
      rise(heap, heap.length - 1);
      return () => {
        if (entry.isOver) return;
        entry.isOver = true;
        over += 1;
        if (over <= FEW || 2 * over <= heap.length) return;
        // In order, an array is a heap.
        heap = heap.filter(({ isOver }) => !isOver).sort((a, b) => (isBefore(a, b) ? -1 : 1));
        over = 0;
      };
    },
    next() {
      for (let first = takeFirst(heap); first !== null; first = takeFirst(heap)) {
        if (!first.isOver) {
          first.isOver = true;
          return first;
        }
        over -= 1;
      }
      return null;
    },
  };
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

/** Moves the entry at a place up to where it belongs. */
function rise(heap: Entry[], from: number): void {
  const entry = heap[from];
  if (entry === undefined) return;
  let at = from;
  while (at > 0) {
    const above = (at - 1) >> 1;
    const parent = heap[above];
    if (parent === undefined || isBefore(parent, entry)) break;
    heap[at] = parent;
    at = above;
  }
  heap[at] = entry;
}

function takeFirst(heap: Entry[]): Entry | null {
  const first = heap[0];
  const last = heap.pop();
  if (first === undefined || last === undefined) return null;
  if (heap.length > 0) sink(heap, last);
  return first;
}

/** Puts an entry in the place of the first and moves it down to where it belongs. */
function sink(heap: Entry[], entry: Entry): void {
  let at = 0;
  for (;;) {
    let below = 2 * at + 1;
    let child = heap[below];
    if (child === undefined) break;
    const other = heap[below + 1];
    if (other !== undefined && isBefore(other, child)) {
      child = other;
      below += 1;
    }
    if (isBefore(entry, child)) break;
    heap[at] = child;
    at = below;
  }
  heap[at] = entry;
}
