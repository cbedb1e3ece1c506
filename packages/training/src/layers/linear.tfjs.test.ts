import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { beforeAll, expect, test } from "vitest";
import { chooseBackend } from "../backends/node-choose.ts";
import { frozenLinear } from "./linear.ts";

beforeAll(async () => {
  await chooseBackend("wasm", { threads: 1 });
});

const size = 2048;

/** A function of its own: no register of the test's keeps the array. */
function zeros() {
  return frozenLinear({
    ...{ weight: new Float32Array(size * size), bias: null },
    shape: [size, size],
  });
}

test("weights that went to the device are held by nobody on the host", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const held = (): number => {
    collect();
    return process.memoryUsage().arrayBuffers;
  };
  const before = held();
  const linears = Array.from({ length: 4 }, zeros);
  // Freeing goes on beside the program.
  await expect.poll(() => held() - before).toBeLessThan(4 * size * size);
  for (const linear of linears) {
    expect(linear.forward().shape).toEqual([size, size]);
    linear.dispose();
  }
});
