/** A language model taught by clients in processes of their own: prompts with completions, under names of their own. */
import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { root } from "../support/repository.ts";
import { serve, writeConfig } from "./support/federation.ts";
import { fedtune, resultOf, start, workFolder } from "./support/fedtune.ts";

const folder = workFolder();
const model = join(folder, "model");
const compute = ["--model", model, "--backend", "wasm"];
const federation = {
  name: "language",
  model,
  task: { kind: "causal-lm" },
  adapter: { rank: 4, targetModules: ["q_proj", "v_proj"] },
  training: { learningRate: 0.02, batchSize: 4, maxLength: 32 },
  rounds: { numRounds: 2, minAvailableClients: 2, minFitClients: 2 },
};

/** The smallest language model with a tokenizer of whole words. */
function writeModel(): void {
  cpSync(join(root, "packages/training/golden/decoders/tiny-qwen2"), model, { recursive: true });
  const words = ["<unk>", "<end>", ...new Set(pairs.flat().flatMap((text) => text.split(" ")))];
  const special = { special: true, single_word: false, lstrip: false, rstrip: false };
  const tokenizer = {
    ...{ version: "1.0", truncation: null, padding: null, normalizer: null, decoder: null },
    added_tokens: [0, 1].map((id) => ({ id, content: words[id], normalized: false, ...special })),
    ...{ pre_tokenizer: { type: "Whitespace" }, post_processor: null },
    model: {
      ...{ type: "WordLevel", unk_token: "<unk>" },
      vocab: Object.fromEntries(words.map((word, id) => [word, id])),
    },
  };
  writeFileSync(join(model, "tokenizer.json"), JSON.stringify(tokenizer));
  const settings = { unk_token: "<unk>", eos_token: "<end>" };
  writeFileSync(join(model, "tokenizer_config.json"), JSON.stringify(settings));
}

/** Sums in words, `[what is read, what is to be said]`. */
const pairs = Array.from({ length: 12 }, (_, i) => [`one and ${String(i)}`, "the same"] as const);

/** A file of pairs under these names. */
function writePairs(name: string, columns: readonly [string, string]): string {
  const path = join(folder, name);
  const lines = pairs.map(([read, said]) =>
    JSON.stringify({ [columns[0]]: read, [columns[1]]: said }),
  );
  writeFileSync(path, `${lines.join("\n")}\n`);
  return path;
}

let north = "";
let south = "";
let config = "";
beforeAll(() => {
  writeModel();
  north = writePairs("north.jsonl", ["question", "answer"]);
  south = writePairs("south.jsonl", ["prompt", "reply"]);
  config = writeConfig(folder, federation);
});

interface Finished {
  readonly rounds: readonly { readonly evaluation: { readonly loss: number } }[];
}

const ofNorth = ["--prompt", "question", "--completion", "answer"];
const learned = {
  perplexity: expect.any(Number) as number,
  tokenAccuracy: expect.any(Number) as number,
};

describe("a language model", () => {
  it("[CI5] learns from clients that name their columns, and the coordinator measures it", async () => {
    const data = ["--data", north, ...ofNorth, "--data-dir", join(folder, "data")];
    const served = await serve("--config", config, ...data);
    const takesPart = (name: string, ...options: readonly string[]) =>
      start(
        ...["join", "--server", served.url, "--name", name, ...options, ...compute],
        ...["--state-dir", join(folder, "state"), "--json"],
      );
    const clients = [
      takesPart("north", "--data", north, ...ofNorth),
      takesPart("south", "--data", south, "--completion", "reply"),
    ];
    const { rounds } = resultOf<Finished>(await served.ended);
    expect(rounds).toMatchObject([0, 1, 2].map((round) => ({ round, evaluation: learned })));
    expect(rounds[2]!.evaluation.loss).toBeLessThan(rounds[0]!.evaluation.loss);
    for (const { ended } of clients) expect((await ended).code).toBe(0);
  });

  it("[CI6] is simulated with a table of perplexity and token accuracy", async () => {
    const outcome = await fedtune(
      ...["simulate", "--config", config, "--data", north, "--test", north, ...ofNorth, ...compute],
      ...["--clients", "2", "--partition", "iid", "--rounds", "1"],
    );
    expect(outcome.stderr).not.toMatch(/^error/m);
    expect(outcome.stdout).toMatch(/round .*train loss +loss +perplexity +token accuracy +/);
    expect(outcome.stdout).not.toContain("macro F1");
  });

  it("a column that is not there is named", async () => {
    const outcome = await fedtune(
      ...["join", "--server", "http://127.0.0.1:1", "--name", "north", "--data", north, ...compute],
      ...["--prompt", "question", "--completion", "anwser", "--state-dir", join(folder, "none")],
    );
    expect(outcome.code).not.toBe(0);
    expect(outcome.stderr).toMatch(/^error data-invalid: .*anwser/m);
  });
});
