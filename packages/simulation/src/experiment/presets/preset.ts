import type { JsonValue } from "../schema.ts";

/** The setting of a paper: what lies under an experiment's base. */
export interface Preset {
  readonly name: string;
  /** One line: what it sets up. */
  readonly summary: string;
  /** Paper or code that it was read from. */
  readonly source: string;
  /** Part of a run config with its section `simulation`; base model, data, seeds and privacy are the experiment's. */
  readonly config: Readonly<Record<string, JsonValue>>;
}
