/** An experiment's outcome at a terminal: the groups of seeds as its report has them. */
import { parseInput } from "@fedtune/core";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { tableText } from "../table.ts";

/** What is read of `results.json`. */
const resultsSchema = z.object({
  question: z.object({ metric: z.string() }),
  compared: z.string(),
  panels: z.array(
    z.object({
      settings: z.record(z.string(), z.string()),
      groups: z.array(
        z.object({
          compared: z.string(),
          completed: z.int(),
          failed: z.int(),
          value: z.object({ mean: z.number(), halfWidth: z.number().nullable() }).nullable(),
        }),
      ),
    }),
  ),
});

/** What a report says of its groups. */
export type ReportedResults = z.output<typeof resultsSchema>;

/** Reads what a report says. @throws FedtuneError `state-corrupt` */
export async function readResults(folder: string): Promise<ReportedResults> {
  const path = join(folder, "results.json");
  const value: unknown = JSON.parse(await readFile(path, "utf8"));
  return parseInput(resultsSchema, value, { what: path, code: "state-corrupt" });
}

/** The groups as a table, a line each: mean over the seeds with half of its 95 % interval. */
export function experimentText({ question, compared, panels }: ReportedResults): string {
  const { metric } = question;
  const fields = Object.keys(panels[0]?.settings ?? {});
  const head = [
    ...fields,
    ...(compared === "" ? [] : [compared]),
    `${metric}, mean ± 95 %`,
    "seeds",
    "failed",
  ];
  const rows = panels.flatMap(({ settings, groups }) =>
    groups.map(({ compared: name, completed, failed, value }) => [
      ...fields.map((field) => settings[field] ?? ""),
      ...(compared === "" ? [] : [name]),
      value === null ? "" : meanText(value, metric),
      String(completed),
      failed === 0 ? "" : String(failed),
    ]),
  );
  return tableText(head, rows);
}

/** Metrics that are shares of one. */
const shares: ReadonlySet<string> = new Set([
  ...["accuracy", "accuracyMean", "accuracyWorst", "macroF1", "tokenAccuracy"],
]);

function meanText(
  { mean, halfWidth }: { readonly mean: number; readonly halfWidth: number | null },
  metric: string,
): string {
  const isShare = shares.has(metric);
  const text = (value: number): string =>
    isShare ? (100 * value).toFixed(1) : value.toPrecision(4);
  const pair = halfWidth === null ? text(mean) : `${text(mean)} ± ${text(halfWidth)}`;
  return isShare ? `${pair} %` : pair;
}
