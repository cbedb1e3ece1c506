import type { ExperimentResult } from "@fedtune/simulation";

/** An experiment's outcome for people. */
export function experimentText({ cells }: ExperimentResult, folder: string): string {
  return `${cells.length} cells\n\nReport: ${folder}`;
}
