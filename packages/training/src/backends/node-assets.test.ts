import { expect, test } from "vitest";
import { loadCheckpoint } from "../models/checkpoint.ts";
import { checkVocabulary, loadTokenizer } from "../tokenizer/tokenizer.ts";
import { builtinModelFolder, householdFile } from "./node-assets.ts";
import { nodeFiles } from "./node-files.ts";

test("[TN14] the built-in base model is whole and fits its tokenizer", async () => {
  const folder = builtinModelFolder("fedtune-mini") ?? "";
  const checkpoint = await loadCheckpoint(nodeFiles, folder);
  expect(checkpoint.config).toMatchObject({ family: "bert", hiddenSize: 192, layers: 4 });
  checkVocabulary(await loadTokenizer(nodeFiles, folder), checkpoint.config);
  expect(builtinModelFolder("../golden")).toBeNull();
  expect(await nodeFiles.exists(householdFile("train.tsv"))).toBe(true);
});
