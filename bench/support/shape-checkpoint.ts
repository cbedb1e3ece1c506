/** Checkpoints of real shapes with random weights. */
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { rngFromSeed, utf8 } from "@fedtune/core";
import { describeModel, parseModelConfig, wantedTensors } from "@fedtune/training";
import type { ModelConfig } from "@fedtune/training";

/** How weights are stored. */
export type StoredType = "F32" | "F16";

/** Random weights, written tensor by tensor; one draw of a million numbers serves all of them. */
export async function writeCheckpoint(
  folder: string,
  { config, dtype }: { readonly config: object; readonly dtype: StoredType },
): Promise<void> {
  await mkdir(folder);
  await writeFile(join(folder, "config.json"), JSON.stringify(config));
  const parsed = parseModelConfig(config);
  const width = dtype === "F32" ? 4 : 2;
  const isTurned = parsed.family === "gpt2";
  const turns = new Set(isTurned ? linearWeights(parsed) : []);
  const header: Record<string, object> = {};
  let end = 0;
  for (const [name, shape] of wanted(parsed)) {
    const start = end;
    end += width * sizeOf(shape);
    const stored = turns.has(name) ? [...shape].reverse() : shape;
    header[name] = { dtype, shape: stored, data_offsets: [start, end] };
  }
  const text = utf8(JSON.stringify(header));
  const prefix = new DataView(new ArrayBuffer(8));
  prefix.setBigUint64(0, BigInt(text.length), true);
  const file = createWriteStream(join(folder, "model.safetensors"));
  file.write(new Uint8Array(prefix.buffer));
  file.write(text);
  const draw = drawn(dtype);
  for (const [name, shape] of wanted(parsed)) {
    for (let left = width * sizeOf(shape); left > 0; left -= draw.length) {
      const isNorm = shape.length === 1 && name.endsWith("weight");
      const part = (isNorm ? ones(dtype) : draw).subarray(0, Math.min(left, draw.length));
      if (!file.write(part)) await once(file, "drain");
    }
  }
  file.end();
  await once(file, "close");
}

/** Shapes of the tensors that a model of this config is made of, by name. */
export function wanted(config: ModelConfig): ReadonlyMap<string, readonly number[]> {
  return wantedTensors(config, config.decoder === null ? "pooler" : "last");
}

/** Names of the weights that products are made with. */
export function linearWeights(config: ModelConfig): readonly string[] {
  const adapter = {
    kind: "lora",
    rank: 1,
    loraAlpha: 1,
    targetModules: ["all-linear"],
    labels: [],
  };
  return describeModel(config, adapter).modules.map(({ name }) => `${name}.weight`);
}

/** Product of the extents. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/** A million numbers of deviation 0.02, as bytes. */
function drawn(dtype: StoredType): Uint8Array {
  const rng = rngFromSeed(1);
  const spread = 0.02 * Math.sqrt(12);
  const values = Float32Array.from({ length: 1e6 }, () => spread * (rng.uniform() - 0.5));
  if (dtype === "F32") return new Uint8Array(values.buffer);
  // Sign and exponent of float32 to those of float16, the mantissa cut: random is random.
  const bits = new Uint32Array(values.buffer);
  const halves = Uint16Array.from(bits, (word) => {
    const exponent = Math.max(0, ((word >>> 23) & 0xff) - 112);
    return ((word >>> 16) & 0x8000) | (exponent << 10) | ((word >>> 13) & 0x3ff);
  });
  return new Uint8Array(halves.buffer);
}

function ones(dtype: StoredType): Uint8Array {
  if (dtype === "F32") return new Uint8Array(new Float32Array(1e4).fill(1).buffer);
  return new Uint8Array(new Uint16Array(1e4).fill(0x3c00).buffer);
}
