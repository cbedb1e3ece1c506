import type { Io } from "../io.ts";
import { notWired } from "./unwired.ts";

/** What `fedtune demo` was asked for. */
export interface DemoOptions {
  readonly rounds?: number | undefined;
  readonly clients?: number | undefined;
  readonly method?: string | undefined;
  readonly model?: string | undefined;
  readonly data?: string | undefined;
  readonly simulate?: true | undefined;
}

/** Runs the demo. */
export function runDemo(_options: DemoOptions, _io: Io): Promise<undefined> {
  return Promise.reject(notWired("demo"));
}
