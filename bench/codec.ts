/** Speed of codecs, blobs, hashing, files and draws; one JSON line each. `npx tsx --conditions=@fedtune/source bench/codec.ts` */
import { createHash } from "node:crypto";
import {
  codecNames,
  codecs,
  decodeVectorBlob,
  digest,
  encodeVectorBlob,
  readSafetensors,
  rngFromSeed,
  tensorToFloat32,
  writeSafetensors,
} from "@fedtune/core";

const LENGTH = 1_000_000;
const REPEATS = 40;

/** Prints the best of several runs: rate per second in float32 bytes, and milliseconds. */
function measure(name: string, bytes: number, action: () => unknown): void {
  let best = Infinity;
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    const start = performance.now();
    action();
    best = Math.min(best, performance.now() - start);
  }
  const gigabytesPerSecond = Number((bytes / best / 1e6).toFixed(3));
  console.log(JSON.stringify({ name, gigabytesPerSecond, ms: Number(best.toFixed(4)) }));
}

const rng = rngFromSeed("bench");
const values = Float32Array.from({ length: LENGTH }, () => (rng.uniform() - 0.5) / 100);
const size = values.byteLength;

for (const name of codecNames) {
  const codec = codecs[name];
  const bytes = codec.encode(values);
  measure(`${name} encode`, size, () => {
    codec.encodeInto(values, bytes);
  });
  measure(`${name} decode`, size, () => codec.decode(bytes, LENGTH));
}

const layoutHash = digest("0".repeat(64));
const part = values.subarray(0, 100_000);
const update = { kind: "update", codec: "f32", round: 1, layoutHash } as const;
const blob = encodeVectorBlob({ ...update, values: part });
measure("blob f32 100k encode", part.byteLength, () =>
  encodeVectorBlob({ ...update, values: part }),
);
measure("blob f32 100k decode", part.byteLength, () =>
  decodeVectorBlob(blob, { ...update, length: part.length }),
);
measure("sha256", size, () => createHash("sha256").update(values).digest("hex"));

const tensors = [{ name: "w", shape: [1000, 1000], values }];
const file = writeSafetensors(tensors);
measure("safetensors write", size, () => writeSafetensors(tensors));
measure("safetensors read, finite", size, () =>
  [...readSafetensors(file).tensors.values()].map((tensor) =>
    tensorToFloat32(tensor, { finite: true }),
  ),
);
measure("rng uint32", size, () => {
  for (let i = 0; i < LENGTH; i++) rng.uint32();
});
measure("rng uniform", size, () => {
  for (let i = 0; i < LENGTH; i++) rng.uniform();
});
measure("rng normal", size, () => {
  for (let i = 0; i < LENGTH; i++) rng.normal();
});
