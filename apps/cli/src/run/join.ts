import type { Io } from "../io.ts";
import { notWired } from "./unwired.ts";

/** What `fedtune join` was asked for. */
export interface JoinOptions {
  readonly server: string;
  readonly name: string;
  readonly data: string;
  readonly text?: string | undefined;
  readonly label?: string | undefined;
  readonly model?: string | undefined;
  readonly backend?: string | undefined;
  readonly stateDir: string;
}

/** Takes part in a run until it ends. */
export function runJoin(_options: JoinOptions, _io: Io): Promise<undefined> {
  return Promise.reject(notWired("join"));
}
