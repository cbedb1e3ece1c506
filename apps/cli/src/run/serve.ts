import { loadConfig } from "../config/load.ts";
import { resolveConfig } from "../config/resolve.ts";
import type { Io } from "../io.ts";
import type { Assignment } from "../values.ts";
import { notWired } from "./unwired.ts";

/** What `fedtune serve` was asked for. */
export interface ServeOptions {
  readonly config: string;
  readonly set?: readonly Assignment[] | undefined;
  readonly host: string;
  readonly port: number;
  readonly dataDir: string;
  readonly data?: string | undefined;
  readonly text?: string | undefined;
  readonly label?: string | undefined;
  readonly backend?: string | undefined;
  readonly method?: string | undefined;
  readonly model?: string | undefined;
  readonly rounds?: number | undefined;
  readonly seed?: number | undefined;
}

/** Serves a run until it ends or is interrupted. */
export async function runServe(options: ServeOptions, _io: Io): Promise<undefined> {
  const { method, model, rounds, seed } = options;
  const source = await loadConfig({
    file: options.config,
    flags: {
      "--method": ["method.name", method],
      "--model": ["model", model],
      "--rounds": ["rounds.numRounds", rounds],
      "--seed": ["seed", seed],
    },
    set: options.set,
  });
  resolveConfig(source);
  throw notWired("serve");
}
