import { createRequire } from "node:module";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { withSharedMemory } from "./shared-memory.ts";
import { webAssembly } from "./web-assembly.ts";

const header = [0, 97, 115, 109, 1, 0, 0, 0];
const binary = (...memory: number[]) =>
  // A custom section of 130 bytes, whose size takes two bytes, then the memory section.
  Uint8Array.from([...header, 0, 130, 1, 1, 97, ...new Array<number>(128).fill(0), ...memory]);

describe("sharing the memory of a binary", () => {
  test("changes one flag", () => {
    const before = binary(5, 4, 1, 1, 2, 4);
    const after = withSharedMemory(before);
    expect(webAssembly.validate(before) && webAssembly.validate(after)).toBe(true);
    const changed = [...after].flatMap((byte, at) => (byte === before[at] ? [] : [at]));
    expect(changed).toEqual([before.length - 3]);
    expect(after.at(-3)).toBe(3);
  });

  test("is refused without a memory, and for one without a maximum", () => {
    expect(() => withSharedMemory(binary())).toThrow(/no memory of its own/);
    expect(() => withSharedMemory(binary(5, 3, 1, 0, 2))).toThrow(/one memory with a maximum/);
  });

  test("works on TensorFlow.js' own binary", async () => {
    const main = createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm");
    const stock = await readFile(join(dirname(main), "tfjs-backend-wasm-simd.wasm"));
    expect(webAssembly.validate(withSharedMemory(stock))).toBe(true);
  });
});
