/** Frames that are drawn when a test says so. */
import type { FramePorts } from "../batcher.ts";

/** A page whose frames and visibility are a test's. */
export interface TestFrames {
  readonly ports: FramePorts;
  /** What waits for the next frame. */
  readonly waiting: readonly (() => void)[];
  draw(): void;
  show(isVisible: boolean): void;
}

/** Makes one that is visible. */
export function testFrames(): TestFrames {
  const waiting: (() => void)[] = [];
  const watching = new Set<() => void>();
  let hidden = false;
  return {
    ports: {
      nextFrame: (callback: () => void) => {
        waiting.push(callback);
        return () => void waiting.splice(waiting.indexOf(callback), 1);
      },
      isHidden: () => hidden,
      onVisibility: (callback: () => void) => {
        watching.add(callback);
        return () => watching.delete(callback);
      },
    },
    draw: () => {
      for (const callback of waiting.splice(0)) callback();
    },
    waiting,
    show(next: boolean) {
      hidden = !next;
      for (const callback of watching) callback();
    },
  };
}
