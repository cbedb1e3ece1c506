/** Gathers what comes in and hands it over once per animation frame; while the page is hidden it only gathers. */

/** What a batcher needs of the page. */
export interface FramePorts {
  /** Calls back before the next frame is drawn; the result calls that off. */
  readonly nextFrame: (callback: () => void) => () => void;
  readonly isHidden: () => boolean;
  /** Calls back whenever the page becomes visible or hidden; the result ends that. */
  readonly onVisibility: (callback: () => void) => () => void;
}

/** A batcher of one kind of thing. */
export interface Batcher<Item> {
  add(item: Item): void;
  /** Drops what is held. */
  close(): void;
}

/** How items become batches. */
export interface Batching<Item, Batch> {
  readonly empty: Batch;
  readonly fold: (batch: Batch, item: Item) => Batch;
  readonly flush: (batch: Batch) => void;
}

/** Starts a batcher. */
export function startBatcher<Item, Batch>(
  ports: FramePorts,
  { empty, fold, flush }: Batching<Item, Batch>,
): Batcher<Item> {
  let held = empty;
  let isEmpty = true;
  let cancel: (() => void) | null = null;
  const hand = (): void => {
    cancel = null;
    const batch = held;
    held = empty;
    isEmpty = true;
    flush(batch);
  };
  const schedule = (): void => {
    if (isEmpty || cancel !== null || ports.isHidden()) return;
    cancel = ports.nextFrame(hand);
  };
  const stop = ports.onVisibility(schedule);
  return {
    add(item) {
      held = fold(held, item);
      isEmpty = false;
      schedule();
    },
    close() {
      stop();
      cancel?.();
      cancel = null;
      held = empty;
      isEmpty = true;
    },
  };
}

/** The frames of this page. */
export const pageFrames: FramePorts = {
  nextFrame(callback) {
    const frame = requestAnimationFrame(callback);
    return () => {
      cancelAnimationFrame(frame);
    };
  },
  isHidden: () => document.hidden,
  onVisibility(callback) {
    document.addEventListener("visibilitychange", callback);
    return () => {
      document.removeEventListener("visibilitychange", callback);
    };
  },
};
