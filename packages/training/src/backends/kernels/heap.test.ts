import { describe, expect, test } from "vitest";
import { heapOf } from "./heap.ts";
import { webAssembly } from "./web-assembly.ts";

/** As much of the backend as the heap uses; the next allocation gives `next`. */
function backend(next: number) {
  const memory = new webAssembly.Memory({ initial: 1, maximum: 2, shared: false });
  const wasm = {
    HEAPU8: new Uint8Array(memory.buffer),
    asm: { memory },
    _malloc: () => next,
    _free: () => undefined,
  };
  return { wasm };
}

describe("the memory of the wasm backend", () => {
  test("addresses above 2 GiB are not negative", () => {
    expect(heapOf(backend(-16)).allocate(8)).toBe(2 ** 32 - 16);
  });

  test("that is full gives an error instead of address 0, also to the backend itself", () => {
    const full = backend(0);
    const heap = heapOf(full);
    expect(() => heap.allocate(8)).toThrow(/memory is full at \d+ MiB/);
    expect(() => full.wasm._malloc()).not.toThrow();
    expect(() => (full.wasm._malloc as (bytes: number) => number)(8)).toThrow(/memory is full/);
  });

  test("is refused where it is not found", () => {
    const other = { wasm: { ...backend(1).wasm, asm: {} } };
    expect(() => heapOf(other)).toThrow(/not where it is expected/);
  });
});
