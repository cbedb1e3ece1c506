import { describe, expect, test } from "vitest";
import { compileKernels } from "../../../../../scripts/build-kernels/compile.ts";
import { kernelBytes } from "./open-engine.ts";

/** Numbers of the sections of a binary; WebAssembly core specification 5.5.2. */
function sections(binary: Uint8Array): number[] {
  const found: number[] = [];
  let at = 8;
  while (at < binary.length) {
    found.push(binary[at]!);
    let [size, scale] = [0, 1];
    do {
      at += 1;
      size += (binary[at]! & 127) * scale;
      scale *= 128;
    } while (binary[at]! > 127);
    at += 1 + size;
  }
  return found;
}

describe("the compiled kernels", () => {
  test("are what the sources give, byte for byte", { timeout: 120_000 }, async () => {
    const { plain, shared } = await compileKernels();
    const advice = "`npm run build:kernels` compiles them anew";
    expect(Buffer.compare(plain, kernelBytes("plain")), advice).toBe(0);
    expect(Buffer.compare(shared, kernelBytes("shared")), advice).toBe(0);
  });

  test.each(["plain", "shared"] as const)(
    "%s: neither data nor globals nor tables nor a start function, since the memory is another's",
    (memory) => {
      // Types, imports, functions, exports, code.
      expect(sections(kernelBytes(memory))).toEqual([1, 2, 3, 7, 10]);
    },
  );
});
