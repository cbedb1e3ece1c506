import { loadConfig } from "../config/load.ts";
import type { ConfigSource } from "../config/load.ts";
import type { Io } from "../io.ts";
import type { Assignment } from "../values.ts";
import { notWired } from "./unwired.ts";

/** What `fedtune simulate` was asked for. */
export interface SimulateOptions {
  readonly config?: string | undefined;
  readonly set?: readonly Assignment[] | undefined;
  readonly out?: string | undefined;
  readonly data?: string | undefined;
  readonly test?: string | undefined;
  readonly text?: string | undefined;
  readonly label?: string | undefined;
  readonly clients?: number | undefined;
  readonly partition?: string | undefined;
  readonly alpha?: number | undefined;
  readonly model?: string | undefined;
  readonly method?: string | undefined;
  readonly rounds?: number | undefined;
  readonly seed?: number | undefined;
  readonly backend?: string | undefined;
  readonly workers: number;
}

/** The config with what the options say over it; `value.simulation` is the simulation's own section. */
export function simulationConfig(options: SimulateOptions): Promise<ConfigSource> {
  return loadConfig({
    file: options.config,
    set: options.set,
    flags: {
      "--data": ["simulation.data", options.data],
      "--test": ["simulation.test", options.test],
      "--text": ["simulation.text", options.text],
      "--label": ["simulation.label", options.label],
      "--clients": ["simulation.clients", options.clients],
      "--partition": ["simulation.partition.scheme", options.partition],
      "--alpha": ["simulation.partition.alpha", options.alpha],
      "--model": ["model", options.model],
      "--method": ["method.name", options.method],
      "--rounds": ["rounds.numRounds", options.rounds],
      "--seed": ["seed", options.seed],
    },
  });
}

/** Simulates a run; with `out`, writes per-round metrics, the final adapter and the resolved config there. */
export async function runSimulate(options: SimulateOptions, _io: Io): Promise<undefined> {
  await simulationConfig(options);
  throw notWired("simulate");
}
