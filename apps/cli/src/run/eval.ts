import type { Io } from "../io.ts";
import { notWired } from "./unwired.ts";

/** What `fedtune eval` was asked for. */
export interface EvalOptions {
  readonly data: string;
  readonly model: string;
  readonly adapter?: string | undefined;
  readonly text?: string | undefined;
  readonly label?: string | undefined;
  readonly batchSize: number;
  readonly backend?: string | undefined;
  readonly logits?: string | undefined;
}

/** Evaluates an adapter; prints accuracy, macroF1, matthews and loss. */
export function runEval(_options: EvalOptions, _io: Io): Promise<undefined> {
  return Promise.reject(notWired("eval"));
}
