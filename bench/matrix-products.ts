/**
 * Matrix products of a training step on wasm: our kernels on one and two threads, and TensorFlow.js' own.
 *
 * `npm run bench -- matrix-products`, or `npx tsx --conditions=@fedtune/source bench/matrix-products.ts [--limit 58]`, prints one
 * JSON line per shape (rows x columns x depth). `limit` is what one core can do with 128-bit vectors and separate
 * multiplication and addition, in GFLOP/s: 16 operations a cycle on processors with two pipes for each.
 */
import { parseArgs } from "node:util";
import { measureProducts } from "../packages/training/src/test-support/product-speed.ts";

const { values: options } = parseArgs({ options: { limit: { type: "string", default: "58" } } });
for (const row of await measureProducts()) {
  const ofLimit = Number((row.own / Number(options.limit)).toFixed(2));
  console.log(JSON.stringify({ ...row, ofLimit }));
}
process.exit(0);
