/** What an experiment and the processes that play its cells say to each other; all of it survives JSON. */
import type { ErrorCode, ErrorData } from "@fedtune/core";
import type { Cell, CellResult } from "@fedtune/simulation";
import type { Engine } from "./engine.ts";

/** To a job's process: play this one. */
export interface PlayMessage {
  readonly engine: Engine;
  readonly cell: Cell;
}

/** From a job's process, one for each message to it. */
export type PlayedMessage =
  | { readonly type: "played"; readonly result: CellResult; readonly seconds: number }
  /** No cell can be played in that process. */
  | {
      readonly type: "broken";
      readonly error: {
        readonly code: ErrorCode;
        readonly message: string;
        readonly data: ErrorData;
      };
    };
