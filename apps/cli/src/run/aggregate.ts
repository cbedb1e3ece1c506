import { methodByName } from "@fedtune/aggregators";
import { asFedtuneError, FedtuneError, parseInput, writePeftAdapter } from "@fedtune/core";
import type { Method } from "@fedtune/core";
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { combineAdapters } from "../aggregate/combine.ts";
import type { CombinedAdapter } from "../aggregate/combine.ts";
import { productError } from "../aggregate/product-error.ts";
import type { ProductError } from "../aggregate/product-error.ts";
import { readAdapters } from "../aggregate/read-adapters.ts";
import type { FolderAdapter } from "../aggregate/read-adapters.ts";
import type { Io } from "../io.ts";
import { tableText } from "../table.ts";
import type { Assignment, WeightedFolder } from "../values.ts";
import { replaceFile } from "./adapter-folder.ts";

/** What `fedtune aggregate` was asked for. */
export interface AggregateOptions {
  readonly method: string;
  readonly out: string;
  readonly option?: readonly Assignment[] | undefined;
  readonly rank?: number | undefined;
  readonly folders: readonly WeightedFolder[];
}

/**
 * Combines adapter folders into one, and says how far it is from the mean of their products.
 *
 * @throws FedtuneError `usage` when a folder is given twice or is the output; what reading and combining throw
 */
export async function runAggregate(options: AggregateOptions, io: Io): Promise<undefined> {
  const { folders, out, rank } = options;
  checkFolders(options);
  const method = methodByName(options.method);
  const given = Object.fromEntries((options.option ?? []).map(({ key, value }) => [key, value]));
  const parsed = parseInput(method.config, given, { what: `the options of ${method.name}` });
  const inputs = await readAdapters(folders);
  const bases = new Set(inputs.map(({ adapter }) => adapter.baseModel));
  if (bases.size > 1)
    io.note(`The folders name ${bases.size} base models: ${[...bases].join(", ")}`);
  // Only ratios count: weights near the ends of the range of numbers neither overflow nor vanish in their sum.
  const largest = Math.max(...folders.map(({ weight }) => weight)) || 1;
  const adapters = inputs.map(({ folder, weight, adapter }) => ({
    ...adapter,
    name: folder,
    weight: weight / largest,
  }));
  const combined = combineAdapters(adapters, { method, options: parsed, rank });
  await writeCombined(out, combined, { inputs, method });
  const { tier, values, residualRank, metrics } = combined;
  const { kind, loraAlpha } = tier;
  const error = kind.product === "BA" ? productError(adapters, { ...tier, values }) : null;
  const facts = { kind: kind.name, rank: tier.rank, loraAlpha, residualRank };
  io.result({ method: method.name, out, folders, ...facts, error, metrics }, () =>
    [writtenText(out, combined, method), ...(error === null ? [] : [errorText(error)])].join("\n"),
  );
  return undefined;
}

function checkFolders({ folders, out }: AggregateOptions): void {
  const seen = new Set<string>();
  for (const { folder } of folders) {
    const path = resolve(folder);
    if (path === resolve(out)) {
      const message = `Cannot write to ${out}: it is one of the folders to combine`;
      throw new FedtuneError("usage", message);
    }
    if (seen.has(path)) {
      const message = `Cannot combine ${folder} with itself: wanted every folder once, for example as ${folder}:2`;
      throw new FedtuneError("usage", message, { data: { folder } });
    }
    seen.add(path);
  }
}

interface Sources {
  readonly inputs: readonly [FolderAdapter, ...FolderAdapter[]];
  readonly method: Method;
}

async function writeCombined(
  out: string,
  { tier, values }: CombinedAdapter,
  { inputs, method }: Sources,
): Promise<void> {
  const [{ adapter }] = inputs;
  const { targetModules, baseModel, taskType, fanInFanOut } = adapter;
  const { kind, rank, loraAlpha, layout } = tier;
  const labels = inputs.find((input) => input.labels !== undefined)?.labels;
  const files = writePeftAdapter(layout, values, {
    kind,
    rank,
    loraAlpha,
    taskType,
    fanInFanOut,
    prefix: "",
    // An expression is replaced by the modules that it meant.
    ...(typeof targetModules === "string" ? {} : { targetModules }),
    ...(baseModel === null ? {} : { baseModel }),
    metadata: { method: method.name, ...(labels === undefined ? {} : { labels }) },
  });
  try {
    await mkdir(out, { recursive: true });
    await replaceFile(join(out, "adapter_model.safetensors"), files.safetensors);
    await replaceFile(join(out, "adapter_config.json"), files.config);
  } catch (cause) {
    const { message } = asFedtuneError(cause);
    const problem = `Cannot write the adapter to folder ${out}: ${message}`;
    throw new FedtuneError("storage-failed", problem, { data: { folder: out }, cause });
  }
}

function writtenText(
  out: string,
  { tier, ownRank, residualRank }: CombinedAdapter,
  { name }: Method,
): string {
  const { kind, rank, loraAlpha } = tier;
  const written = `Wrote ${out}: ${kind.name} of rank ${rank}, lora_alpha ${loraAlpha}`;
  if (residualRank === 0) return written;
  const own = ownRank === 0 ? "its own factors start anew, at zero" : `${ownRank} of its own`;
  return (
    `${written}\n` +
    `${name} changes the base weights: rank ${residualRank} of this is that change, ${own}. ` +
    "The folder is the whole result; the base model stays as it is."
  );
}

/** Products of float32 factors agree no better. */
const ROUNDING = 1e-6;

function errorText({ total, modules }: ProductError): string {
  if (total <= ROUNDING) {
    return `Its product is the mean of the products, to rounding: relative distance ${total.toExponential(2)}`;
  }
  const rows = modules.map(({ module, error }) => [module, error.toExponential(2)]);
  rows.push(["all together", total.toExponential(2)]);
  return `\n${tableText(["relative distance from the mean of the products", ""], rows)}`;
}
