/** A run over images in processes of their own: one client has pictures in folders, the other IDX files. */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { rngFromSeed } from "@fedtune/core";
import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { root } from "../support/repository.ts";
import { serve, writeConfig } from "./support/federation.ts";
import type { Served } from "./support/federation.ts";
import { fedtune, resultOf, start, workFolder } from "./support/fedtune.ts";

const folder = workFolder();
const at = (...parts: readonly string[]): string => join(folder, ...parts);
const model = join(root, "packages/training/golden/vit/tiny-vit");
const compute = ["--model", model, "--backend", "wasm"];
const labels = ["bright", "dark", "mid"] as const;
const side = 12;

interface Gray {
  readonly label: (typeof labels)[number];
  readonly name: string;
  readonly pixels: Uint8Array;
}

/** Gray noise about a level that its label decides; in the order in which folders are read. */
function pictures(seed: number, perLabel: number): readonly Gray[] {
  const rng = rngFromSeed(seed);
  const levels = { bright: 170, dark: 0, mid: 85 };
  return labels.flatMap((label) =>
    Array.from({ length: perLabel }, (_, index) => ({
      label,
      name: `${String(index).padStart(3, "0")}.png`,
      pixels: Uint8Array.from({ length: side * side }, () => levels[label] + rng.below(80)),
    })),
  );
}

async function writeFolders(path: string, set: readonly Gray[]): Promise<void> {
  for (const { label, name, pixels } of set) {
    mkdirSync(join(path, label), { recursive: true });
    const raw = { width: side, height: side, channels: 1 } as const;
    await sharp(pixels, { raw })
      .toColourspace("b-w")
      .png()
      .toFile(join(path, label, name));
  }
}

/** The same as IDX, with the labels' names beside; returns the path of the images. */
function writeIdx(path: string, set: readonly Gray[]): string {
  const header = (magic: number, ...shape: readonly number[]): Buffer => {
    const bytes = Buffer.alloc(4 + 4 * shape.length);
    [magic, ...shape].forEach((value, index) => bytes.writeUInt32BE(value, 4 * index));
    return bytes;
  };
  mkdirSync(path);
  const images = join(path, "train-images-idx3-ubyte");
  const pixels = set.map((one) => one.pixels);
  writeFileSync(images, Buffer.concat([header(0x0803, set.length, side, side), ...pixels]));
  const indices = Uint8Array.from(set, ({ label }) => labels.indexOf(label));
  const labelFile = join(path, "train-labels-idx1-ubyte");
  writeFileSync(labelFile, Buffer.concat([header(0x0801, set.length), indices]));
  writeFileSync(join(path, "labels.txt"), `${labels.join("\n")}\n`);
  return images;
}

interface Metrics {
  readonly accuracy: number;
  readonly loss: number;
  readonly examples: number;
}

interface Ended {
  readonly adapter: string;
  readonly rounds: readonly { readonly evaluation: Metrics }[];
}

const tensors = (path: string): string =>
  readFileSync(join(path, "adapter_model.safetensors")).toString("hex");

function takePart({ url }: Pick<Served, "url">, name: string, data: string) {
  const self = ["--server", url, "--name", name, "--data", data, "--state-dir", at("state")];
  return start("join", ...self, ...compute, "--json");
}

function config(name: string, participants: readonly string[]): string {
  mkdirSync(at(name));
  return writeConfig(at(name), {
    model,
    task: { kind: "image-classification", labels },
    training: { learningRate: 0.02, batchSize: 8, localEpochs: 2 },
    rounds: { numRounds: 2, minAvailableClients: participants.length, minFitClients: 1 },
    participants,
  });
}

let benImages: string;
beforeAll(async () => {
  const [anna, ben] = [pictures(1, 12), pictures(2, 9)];
  await writeFolders(at("all", "anna"), anna);
  await writeFolders(at("all", "ben"), ben);
  await writeFolders(at("test"), pictures(3, 6));
  benImages = writeIdx(at("idx"), ben);
});

describe("a live run over images", () => {
  it("[CI5] of folders and IDX ends with the adapter of its simulation, bit for bit, which eval measures alike", async () => {
    const run = config("live", ["anna", "ben"]);
    const test = ["--data", at("test")];
    const served = await serve("--config", run, "--data-dir", at("live", "data"), ...test);
    const joined = [
      takePart(served, "ben", benImages),
      takePart(served, "anna", at("all", "anna")),
    ];
    const outcome = await served.ended;
    expect([outcome.code, outcome.stderr, resultOf(outcome)]).toEqual([
      0,
      expect.any(String),
      expect.objectContaining({ status: "completed", failure: null }),
    ]);
    for (const client of await Promise.all(joined.map(({ ended }) => ended)))
      expect([client.code, resultOf(client)]).toEqual([0, expect.objectContaining({ rounds: 2 })]);
    const live = resultOf<Ended>(outcome);

    const dealt = ["--partition", "by-column", "--column", "client"];
    const set = ["--set", 'simulation.columns=["client","label"]'];
    const simulated = await fedtune(
      ...["simulate", "--config", run, "--data", at("all"), ...dealt, ...set],
      ...["--backend", "wasm", "--out", at("live", "simulated"), "--json"],
    );
    expect([simulated.code, simulated.stderr]).toEqual([0, expect.any(String)]);
    expect(tensors(live.adapter)).toBe(tensors(at("live", "simulated", "adapter")));

    const measured = await fedtune(
      "eval",
      ...test,
      ...compute,
      "--adapter",
      live.adapter,
      "--json",
    );
    const { accuracy, loss, examples } = resultOf<Metrics>(measured);
    expect(live.rounds.at(-1)?.evaluation).toMatchObject({ accuracy, loss, examples });
    expect(examples).toBe(18);
    expect(accuracy).toBeGreaterThan(0.5);
  });

  it("[CI15] a client with a broken picture, or a folder that is no label, is told where; the run goes on without it", async () => {
    const [one] = pictures(4, 1);
    if (one === undefined) throw new Error("no picture");
    for (const name of ["broken", "unknown"]) await writeFolders(at(name), [one]);
    const broken = at("broken", one.label, "001.png");
    writeFileSync(broken, "no picture");
    mkdirSync(at("unknown", "purple"));
    const unknown = at("unknown", "purple", one.name);
    copyFileSync(at("unknown", one.label, one.name), unknown);
    const run = config("alone", ["anna"]);
    const served = await serve("--config", run, "--data-dir", at("alone", "data"));
    for (const [data, file, code] of [
      [at("broken"), broken, "data-invalid"],
      [at("unknown"), unknown, "label-unknown"],
    ] as const) {
      const refused = await takePart(served, "anna", data).ended;
      expect([refused.code, refused.stderr]).toEqual([3, expect.stringContaining(code)]);
      expect(refused.stderr).toContain(file);
    }
    const joined = takePart(served, "anna", at("all", "anna"));
    expect([(await served.ended).code, (await joined.ended).code]).toEqual([0, 0]);
  });
});

describe("images that cannot be used whatever the run is", () => {
  const nobody = { url: "http://127.0.0.1:9" };

  it.each<readonly [string, string, (path: string) => string]>([
    ["a folder that is missing", "file-missing", (path) => path],
    [
      "an empty folder",
      "data-invalid",
      (path) => {
        mkdirSync(path);
        return path;
      },
    ],
    [
      "a text among pictures",
      "data-invalid",
      (path) => {
        mkdirSync(join(path, "dark"), { recursive: true });
        writeFileSync(join(path, "dark", "notes.txt"), "no picture");
        return join(path, "dark", "notes.txt");
      },
    ],
  ])("[CI15] %s: exit code 3 with the path, before anybody is called", async (what, code, make) => {
    const path = at(what.replaceAll(" ", "-"));
    const wrong = make(path);
    const outcome = await takePart(nobody, "anna", path).ended;
    expect([outcome.code, outcome.stderr]).toEqual([3, expect.stringContaining(code)]);
    expect(outcome.stderr).toContain(wrong);
    expect(outcome.stderr).not.toContain("Connecting");
  });

  it("[CI15] IDX images without their labels: exit code 3 with the path of the labels", async () => {
    mkdirSync(at("half"));
    copyFileSync(benImages, at("half", "train-images-idx3-ubyte"));
    const outcome = await takePart(nobody, "ben", at("half", "train-images-idx3-ubyte")).ended;
    expect([outcome.code, outcome.stderr]).toEqual([3, expect.stringContaining("file-missing")]);
    expect(outcome.stderr).toContain(at("half", "train-labels-idx1-ubyte"));
  });
});
