import { FedtuneError } from "@fedtune/core";
import { describe, expect, test } from "vitest";
import { nodeFiles } from "../backends/node-files.ts";
import { memoryFiles } from "../files.ts";
import { goldenJson, goldenPath } from "../test-support/golden.ts";
import { checkVocabulary, loadTokenizer } from "./tokenizer.ts";
import { longestFirst } from "./truncate.ts";

interface TokenizationGolden {
  readonly cases: readonly {
    readonly text: string;
    readonly pair: string | null;
    readonly max_length: number | null;
    readonly ids: number[];
    readonly token_type_ids: number[];
  }[];
}

const minilm = process.env["FEDTUNE_MINILM"];

async function expectGolden(folder: string, golden: TokenizationGolden) {
  const tokenizer = await loadTokenizer(nodeFiles, folder);
  expect(golden.cases.length).toBeGreaterThan(20);
  for (const { text, pair, max_length, ids, token_type_ids } of golden.cases) {
    const encoding = tokenizer.encode(text, pair, max_length ?? 512);
    expect([...encoding.ids], JSON.stringify([text, pair, max_length])).toEqual(ids);
    expect([...encoding.types]).toEqual(token_type_ids);
  }
}

describe("tokenization", () => {
  test.each(["tiny-bert", "tiny-roberta", "tiny-distilbert"])(
    "[TN12] %s gives HuggingFace's ids, types and truncation",
    async (base) => {
      await expectGolden(goldenPath(base), goldenJson(`${base}/tokenization.json`));
    },
  );

  test.skipIf(minilm === undefined)(
    "[TN12] MiniLM gives HuggingFace's ids (needs FEDTUNE_MINILM)",
    async () => {
      await expectGolden(minilm ?? "", goldenJson("minilm.json"));
    },
  );

  test("[TN12] a bare vocab.txt gives the same ids as tokenizer.json", async () => {
    const vocabulary = await nodeFiles.read(goldenPath("tiny-bert/vocab.txt"));
    const bare = await loadTokenizer(memoryFiles({ "m/vocab.txt": vocabulary }), "m");
    const full = await loadTokenizer(nodeFiles, goldenPath("tiny-bert"));
    expect(bare.vocabularySize).toBe(full.vocabularySize);
    for (const { text, pair } of goldenJson<TokenizationGolden>("tiny-bert/tokenization.json")
      .cases) {
      expect(bare.encode(text, pair, 32)).toEqual(full.encode(text, pair, 32));
    }
  });

  test("[TN12] a folder without tokenizer files is refused by name", async () => {
    await expect(loadTokenizer(memoryFiles({}), "m")).rejects.toThrow(
      /neither m\/tokenizer.json nor m\/vocab.txt/,
    );
  });

  test("[DA6] a tokenizer with more entries than the model names both numbers", () => {
    const check = () => {
      checkVocabulary({ vocabularySize: 120 }, { vocabularySize: 119 });
    };
    expect(check).toThrow(FedtuneError);
    expect(check).toThrow(/120 entries.*119/);
  });

  test("[TN12] the longer text is cut first", () => {
    expect(longestFirst(10, 2, 8)).toEqual([6, 2]);
    expect(longestFirst(2, 10, 8)).toEqual([2, 6]);
    expect(longestFirst(5, 5, 7)).toEqual([3, 4]);
    expect(longestFirst(9, 5, 7)).toEqual([4, 3]);
    expect(longestFirst(3, 3, 0)).toEqual([0, 0]);
  });
});
