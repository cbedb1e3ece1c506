import { FedtuneError } from "@fedtune/core";
import { describe, expect, test } from "vitest";
import { heapOf } from "../../../../packages/training/src/backends/kernels/heap.ts";
import { fatalError } from "./fatal-error.ts";

/** What our own heap says when the backend's memory is full. */
function fullHeap(): unknown {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const wasm = {
    HEAPU8: new Uint8Array(memory.buffer),
    wasmMemory: memory,
    _malloc: () => 0,
    _free: () => undefined,
  };
  try {
    heapOf({ wasm });
    wasm._malloc = wasm._malloc.bind(wasm);
    return (wasm as unknown as { _malloc: (bytes: number) => number })._malloc(64);
  } catch (error) {
    return error;
  }
}

/** What this engine says when an array cannot be made. */
function hugeArray(): unknown {
  try {
    return new Float32Array(2 ** 52);
  } catch (error) {
    return error;
  }
}

function wasmTrap(): unknown {
  // A module whose one function is `unreachable`.
  const bytes = [0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 7, 5, 1, 1, 102, 0, 0];
  const code = [10, 5, 1, 3, 0, 0, 11];
  const module = new WebAssembly.Module(Uint8Array.from([...bytes, ...code]));
  try {
    (new WebAssembly.Instance(module).exports["f"] as () => void)();
    return null;
  } catch (error) {
    return error;
  }
}

describe("an error that ends the worker", () => {
  test.each([
    ["our heap's", fullHeap()],
    ["an array's", hugeArray()],
    ["Firefox's", new Error("out of memory")],
    ["Safari's", new RangeError("Array buffer allocation failed")],
    [
      "Emscripten's",
      new Error("Aborted(Cannot enlarge memory arrays to size 4294967296 bytes (OOM))"),
    ],
    ["a wrapped one", new FedtuneError("training-failed", "x", { cause: fullHeap() })],
  ])("is out of memory: %s", (_, error) => {
    expect(fatalError(error, "wasm")).toMatchObject({
      code: "training-failed",
      data: { reason: "out-of-memory", backend: "wasm" },
    });
  });

  test("is a crash inside WebAssembly", () => {
    const trap = wasmTrap();
    expect(trap).toBeInstanceOf(WebAssembly.RuntimeError);
    expect(fatalError(trap, "wasm")).toMatchObject({ data: { reason: "crashed" } });
  });

  test.each([
    new FedtuneError("cancelled", "Stopped training: it was cancelled"),
    new FedtuneError("data-invalid", "Cannot read a.csv, line 3: an unclosed quote"),
    new TypeError("x is undefined"),
  ])("is no other: %s", (error) => {
    expect(fatalError(error, "wasm")).toBeNull();
  });
});
