import { methodByName } from "@fedtune/aggregators";
import { FedtuneError, parseInput, writePeftAdapter } from "@fedtune/core";
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { combineAdapters } from "../aggregate/combine.ts";
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
  readonly folders: readonly WeightedFolder[];
}

/**
 * Combines adapter folders into one, and says how far it is from the mean of their products.
 *
 * @throws FedtuneError `usage` when the output is one of the inputs; what reading and combining throw
 */
export async function runAggregate(options: AggregateOptions, io: Io): Promise<undefined> {
  const { folders, out } = options;
  if (folders.some(({ folder }) => resolve(folder) === resolve(out))) {
    throw new FedtuneError("usage", `Cannot write to ${out}: it is one of the folders to combine`);
  }
  const method = methodByName(options.method);
  const given = Object.fromEntries((options.option ?? []).map(({ key, value }) => [key, value]));
  const parsed = parseInput(method.config, given, { what: `the options of ${method.name}` });
  const inputs = await readAdapters(folders);
  const bases = new Set(inputs.map(({ adapter }) => adapter.baseModel));
  if (bases.size > 1)
    io.note(`The folders name ${bases.size} base models: ${[...bases].join(", ")}`);
  const adapters = inputs.map(({ folder, weight, adapter }) => ({
    name: folder,
    weight,
    values: adapter.values,
  }));
  const shape = inputs[0].adapter;
  const values = combineAdapters(adapters, { method, options: parsed, shape });
  await writeCombined(out, values, { inputs, method: method.name });
  const error = shape.kind.product === "BA" ? productError(shape.layout, adapters, values) : null;
  io.result(
    { method: method.name, out, folders, error },
    () => `Wrote ${out}\n\n${error === null ? "" : errorText(error)}`,
  );
  return undefined;
}

interface Sources {
  readonly inputs: readonly [FolderAdapter, ...FolderAdapter[]];
  readonly method: string;
}

async function writeCombined(out: string, values: Float32Array, { inputs, method }: Sources) {
  const [{ adapter }] = inputs;
  const { layout, targetModules, baseModel, taskType, ...settings } = adapter;
  const labels = inputs.find((input) => input.labels !== undefined)?.labels;
  const files = writePeftAdapter(layout, values, {
    ...settings,
    prefix: "",
    // An expression is replaced by the modules that it meant.
    ...(typeof targetModules === "string" ? {} : { targetModules }),
    ...(baseModel === null ? {} : { baseModel }),
    ...(taskType === null ? {} : { taskType }),
    metadata: { method, ...(labels === undefined ? {} : { labels }) },
  });
  await mkdir(out, { recursive: true });
  await replaceFile(join(out, "adapter_model.safetensors"), files.safetensors);
  await replaceFile(join(out, "adapter_config.json"), files.config);
}

function errorText({ total, modules }: ProductError): string {
  const rows = modules.map(({ module, error }) => [module, error.toExponential(2)]);
  rows.push(["all together", total.toExponential(2)]);
  return tableText(["relative distance from the mean of the products", ""], rows);
}
