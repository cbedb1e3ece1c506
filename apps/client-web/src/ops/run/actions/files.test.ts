import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { inflateRawSync } from "node:zlib";
import { createApiClient } from "@fedtune/api";
import type { Fetch, OutputOf } from "@fedtune/api";
import { digest, FedtuneError, readPeftAdapter, runId, virtualClock } from "@fedtune/core";
import { describeModel, parseModelConfig } from "@fedtune/training";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sampleConfig, sampleEpsilon } from "../fixture/config.ts";
import { sampleHistory } from "../fixture/history.ts";
import { sampleDetails } from "../fixture/now.ts";
import { metricsCsv, metricsJson } from "../model/metric-files.ts";
import { roundFigures } from "../model/round-figures.ts";
import { adapterArchive, lackingParts } from "./peft-download.ts";
import { crc32, zip } from "./zip.ts";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** Reads an archive by its central directory (APPNOTE 4.3.12), as unpackers do. */
function unzip(archive: Uint8Array): ReadonlyMap<string, Uint8Array> {
  const view = new DataView(archive.buffer, archive.byteOffset, archive.length);
  const end = archive.length - 22;
  expect(view.getUint32(end, true)).toBe(0x06054b50);
  const files = new Map<string, Uint8Array>();
  let at = view.getUint32(end + 16, true);
  for (let count = view.getUint16(end + 10, true); count > 0; count -= 1) {
    expect(view.getUint32(at, true)).toBe(0x02014b50);
    const [method, size] = [view.getUint16(at + 10, true), view.getUint32(at + 20, true)];
    const length = view.getUint16(at + 28, true);
    const name = textOf(archive.subarray(at + 46, at + 46 + length));
    const local = view.getUint32(at + 42, true);
    const start = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    const bytes = archive.subarray(start, start + size);
    files.set(name, method === 0 ? bytes : inflateRawSync(bytes));
    expect(crc32(files.get(name)!)).toBe(view.getUint32(at + 16, true));
    at += 46 + length + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  expect(at).toBe(end);
  return files;
}

describe("archives", () => {
  test("CRC-32 has its check value", () => {
    // The check value of CRC-32/ISO-HDLC in every catalogue.
    expect(crc32(bytesOf("123456789"))).toBe(0xcbf43926);
    expect(crc32(new Uint8Array())).toBe(0);
  });

  test("give back what was put in, whatever it is, and the same bytes again", () => {
    const name = fc
      .string({ minLength: 1, maxLength: 30 })
      .filter((text) => textOf(bytesOf(text)) === text);
    const entries = fc.uniqueArray(fc.record({ name, bytes: fc.uint8Array({ maxLength: 300 }) }), {
      selector: ({ name: own }) => own,
      maxLength: 5,
    });
    fc.assert(
      fc.property(entries, (given) => {
        const archive = zip(given);
        const files = unzip(archive);
        expect([...files.keys()]).toEqual(given.map(({ name: own }) => own));
        for (const { name: own, bytes } of given) expect(files.get(own)).toEqual(bytes);
        expect(zip(given)).toEqual(archive);
      }),
    );
  });
});

const baseConfig = {
  ...{ model_type: "bert", vocab_size: 64, hidden_size: 8, num_hidden_layers: 2 },
  ...{ num_attention_heads: 2, intermediate_size: 16, max_position_embeddings: 40 },
  ...{ type_vocab_size: 2, hidden_act: "gelu", layer_norm_eps: 1e-12 },
};
const configBytes = bytesOf(JSON.stringify(baseConfig));
const sha = (bytes: Uint8Array) => digest(createHash("sha256").update(bytes).digest("hex"));

const adapter = { ...sampleConfig.adapter, rank: 2 };
const { layout } = describeModel(parseModelConfig(baseConfig), {
  ...{ kind: "lora", rank: 2, loraAlpha: 16, targetModules: adapter.targetModules },
  labels: sampleConfig.task.labels,
});
const values = Float32Array.from({ length: layout.size }, (_, at) => at / 128 - 1);
const valueBytes = new Uint8Array(values.buffer);

interface Server {
  readonly config?: Readonly<Record<string, unknown>>;
  readonly keeps?: readonly string[];
  readonly files?: OutputOf<"getModel">["files"];
  readonly wrongHash?: boolean;
}

function asked({ config = {}, keeps = [], files, wrongHash = false }: Server) {
  const method = {
    ...{ name: "fedavg", title: "", summary: "", paper: { title: "", id: "", equations: "" } },
    ...{ claims: { exactProduct: false, meanOnly: true }, trains: [], uploads: [], keeps },
    ...{ isSparse: false, kinds: [], configSchema: {} },
  };
  const answers: Readonly<Record<string, unknown>> = {
    "/server": { version: "0", methods: [method], kinds: [], presets: [], configSchema: {} },
    "/runs/message-triage": {
      ...sampleDetails(),
      config: { ...sampleConfig, adapter, method: { name: "fedavg" }, head: "share", ...config },
    },
    "/runs/message-triage/model": {
      ...{ name: "tiny", bytes: configBytes.length },
      files: files ?? [{ name: "config.json", bytes: configBytes.length, hash: sha(configBytes) }],
    },
  };
  const fetch: Fetch = (url) => {
    const path = new URL(url).pathname.replace("/api/v1", "");
    if (!path.endsWith("/adapter"))
      return Promise.resolve(new Response(JSON.stringify(answers[path])));
    const hash = wrongHash ? sha(bytesOf("other")) : sha(valueBytes);
    const headers = { "x-fedtune-hash": hash, "x-fedtune-round": "26", "x-fedtune-rank": "2" };
    return Promise.resolve(new Response(valueBytes, { headers }));
  };
  const clock = virtualClock(() => Promise.resolve());
  const api = createApiClient({
    ...{ url: "https://fed.example.org", fetch, clock, headers: () => ({}) },
  });
  const origin = "https://fed.example.org";
  return {
    api,
    origin,
    run: runId("message-triage"),
    round: "latest",
    fetchBytes: async () => configBytes,
  };
}

describe("an adapter as PEFT's files", () => {
  test("is what the coordinator has, number by number", async () => {
    const { name, bytes, round, lacking } = await adapterArchive(asked({}));
    expect([name, round, lacking]).toEqual(["message-triage-round-26.zip", 26, []]);
    const files = unzip(bytes);
    expect([...files.keys()]).toEqual(["adapter_config.json", "adapter_model.safetensors"]);
    const config = textOf(files.get("adapter_config.json")!);
    const read = readPeftAdapter(config, files.get("adapter_model.safetensors")!, {
      prefix: "bert.",
      layout,
    });
    expect(read.values).toEqual(values);
    expect(read).toMatchObject({
      rank: 2,
      loraAlpha: 16,
      taskType: "SEQ_CLS",
      baseModel: sampleConfig.model,
    });
  });

  test("has zeros for what stays with the clients, and says so", async () => {
    const { bytes, lacking } = await adapterArchive(
      asked({ keeps: ["up"], config: { head: "personal" } }),
    );
    expect(lacking).toEqual(["up", "head"]);
    const files = unzip(bytes);
    const config = textOf(files.get("adapter_config.json")!);
    const tensors = files.get("adapter_model.safetensors")!;
    const read = readPeftAdapter(config, tensors, { prefix: "bert.", layout });
    for (const { role, offset, shape } of layout.factors) {
      const size = shape.reduce((product, side) => product * side, 1);
      const own = read.values.subarray(offset, offset + size);
      expect(own).toEqual(
        role === "down" ? values.subarray(offset, offset + size) : new Float32Array(size),
      );
    }
    expect(textOf(tensors.subarray(0, 400))).toContain('"incomplete":"up head"');
  });

  test.each([
    [
      "a PiSSA adapter",
      { config: { adapter: { ...adapter, init: "pissa" } } },
      "adapter-invalid",
      /fedtune run pull/,
    ],
    ["a model that is not handed out", { files: [] }, "model-invalid", /fedtune run pull/],
    ["bytes of another hash", { wrongHash: true }, "blob-corrupt", /hash/],
  ])("refuses %s with a way out", async (_, server, code, message) => {
    const failing = adapterArchive(asked(server));
    await expect(failing).rejects.toBeInstanceOf(FedtuneError);
    await expect(failing).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
    });
  });

  test("lacks the base where the method changes it", () => {
    const method = {
      claims: { changesBase: true, exactProduct: true, meanOnly: false },
      keeps: ["up", "head"],
    };
    expect(lackingParts("share", method as never)).toEqual(["up", "base"]);
    expect(lackingParts("personal", undefined)).toEqual(["head"]);
  });
});

describe("metrics as files", () => {
  const rows = roundFigures({ ...sampleHistory(), epsilonAfter: sampleEpsilon });

  test("have every number in full", () => {
    const [head = "", ...lines] = metricsCsv(rows).trimEnd().split("\r\n");
    const columns = head.split(",");
    expect(lines).toHaveLength(rows.length);
    const at = (line: number, column: string): string =>
      lines[line]?.split(",")[columns.indexOf(column)] ?? "?";
    expect(Number(at(26, "epsilon"))).toBe(sampleEpsilon(26));
    expect(Number(at(26, "aggregationError"))).toBe(rows[26]?.aggregationError?.total);
    expect([at(0, "sampled"), at(23, "refused"), at(26, "bytesUp")]).toEqual([
      "",
      "2",
      String(rows[26]?.bytesUp),
    ]);
  });

  test("quote what would break a line", () => {
    const odd = [{ ...rows[1]!, method: { 'a "b", c': 1 } }];
    expect(metricsCsv(odd).split("\r\n")[0]).toContain('"method.a ""b"", c"');
  });

  test("are whole as JSON, with where they come from", () => {
    const source = { run: "message-triage", configHash: "ab", isSimulation: false };
    expect(JSON.parse(metricsJson(rows, source))).toMatchObject({
      ...source,
      rounds: { length: rows.length },
    });
  });

  test("this file's own bytes are archived as they are", () => {
    const bytes = new Uint8Array(readFileSync(new URL(import.meta.url)));
    expect(unzip(zip([{ name: "a", bytes }])).get("a")).toEqual(bytes);
  });
});
