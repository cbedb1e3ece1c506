import { utf8, writeSafetensors } from "@fedtune/core";
import type { TensorToWrite } from "@fedtune/core";
import { describe, expect, test } from "vitest";
import type { FileSource } from "../files.ts";
import { memoryFiles } from "../files.ts";
import { loadCheckpoint } from "./checkpoint.ts";
import { wantedTensors } from "./parts.ts";
import { parseModelConfig } from "./registry.ts";

const raw = {
  model_type: "bert",
  vocab_size: 11,
  max_position_embeddings: 7,
  hidden_size: 4,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  intermediate_size: 6,
};
const config = parseModelConfig(raw);
const name = "encoder.layer.0.output.dense.weight";

/** Every tensor's values count up from its place in the list. */
function tensors(dtype?: "F16"): Map<string, TensorToWrite> {
  const all = [...wantedTensors(config, "pooler")].map(([key, shape], place) => {
    const size = shape.reduce((product, extent) => product * extent, 1);
    const values = Float32Array.from({ length: size }, (_, index) => place + index / 64);
    return [key, { name: key, shape, values, ...(dtype === undefined ? {} : { dtype }) }] as const;
  });
  return new Map(all);
}

function folder(weights: Uint8Array): FileSource {
  return memoryFiles({ "config.json": utf8(JSON.stringify(raw)), "model.safetensors": weights });
}

const load = (all: Map<string, TensorToWrite>) =>
  loadCheckpoint(folder(writeSafetensors([...all.values()])), "");

/** As a file that gives no more than is asked for, and remembers what that was. */
function inParts(source: FileSource, asked: [number, number][]): FileSource {
  return {
    ...source,
    async open(path) {
      const bytes = await source.read(path);
      return {
        bytes: bytes.length,
        read(from, to) {
          asked.push([from, to]);
          return bytes.slice(from, to);
        },
      };
    },
  };
}

describe("a checkpoint", () => {
  test("has every tensor that its configuration asks for; more of them do not matter", async () => {
    const all = tensors();
    const more = new Map(all).set("extra", {
      name: "extra",
      shape: [1],
      values: new Float32Array(1),
    });
    const { weights, head } = await load(more);
    expect([...weights.keys()]).toEqual([...all.keys()]);
    expect(head.size).toBe(0);
    for (const [key, { values, shape }] of all) expect(weights.get(key)).toEqual({ shape, values });
  });

  test.each([undefined, "F16"] as const)(
    "is read tensor by tensor, when one is wanted, as %s",
    async (dtype) => {
      const all = tensors(dtype);
      const asked: [number, number][] = [];
      const bytes = writeSafetensors([...all.values()]);
      const { weights } = await loadCheckpoint(inParts(folder(bytes), asked), "");
      const header = 8 + new DataView(bytes.buffer).getUint32(0, true);
      expect(Math.max(...asked.map(([, to]) => to))).toBe(header);
      asked.length = 0;
      expect(weights.get(name)?.values).toEqual(all.get(name)?.values);
      const width = dtype === undefined ? 4 : 2;
      expect(asked.map(([from, to]) => to - from)).toEqual([width * 24]);
    },
  );

  test("[TN14] without a tensor is refused with its name and shape", async () => {
    const all = tensors();
    all.delete(name);
    await expect(load(all)).rejects.toMatchObject({
      code: "model-invalid",
      data: { tensor: name, wanted: [4, 6] },
    });
  });

  test("[TN14] with a tensor of another shape is refused with both", async () => {
    const all = tensors();
    all.set(name, { name, shape: [6, 4], values: new Float32Array(24) });
    await expect(load(all)).rejects.toMatchObject({
      code: "model-invalid",
      data: { tensor: name, shape: [6, 4], wanted: [4, 6] },
    });
  });

  test("[TN14] with a value that is not finite is refused when it is read, with the place", async () => {
    const bytes = writeSafetensors([...tensors().values()]);
    new DataView(bytes.buffer).setFloat32(bytes.length - 4, Number.NaN, true);
    const { weights } = await loadCheckpoint(folder(bytes), "");
    const readAll = () => [...weights.values()].map(({ values }) => values);
    expect(readAll).toThrow(/holds NaN at \d+, expected finite numbers/);
  });

  test.each([0, 5, 100, -1])("[TN14] cut off after %i bytes is refused", async (kept) => {
    const bytes = writeSafetensors([...tensors().values()]).slice(0, kept);
    await expect(loadCheckpoint(folder(bytes), "")).rejects.toMatchObject({
      code: "model-invalid",
      data: { path: "model.safetensors" },
    });
  });
});
