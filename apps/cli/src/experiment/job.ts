/** A process that plays cells. */
import { FedtuneError } from "@fedtune/core";
import type { Cell, CellResult } from "@fedtune/simulation";
import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Engine } from "./engine.ts";
import type { PlayedMessage, PlayMessage } from "./job-messages.ts";

/** A played cell and the time it took. */
export interface PlayedCell {
  readonly result: CellResult;
  readonly seconds: number;
}

/** A running process; one cell at a time. */
export interface Job {
  /**
   * Null: the process ended before its answer.
   *
   * @throws FedtuneError when no cell can be played there
   */
  play(cell: Cell): Promise<PlayedCell | null>;
  /** Ends the process; what it was playing is lost. */
  end(): void;
}

/** Starts a process. */
export function startJob(engine: Engine): Job {
  const child = forkPlayer();
  const ended = new Promise<null>((resolve) => {
    child.once("error", () => resolve(null));
    child.once("exit", () => resolve(null));
  });
  return {
    async play(cell) {
      const answer = await Promise.race([asked(child, { engine, cell }), ended]);
      if (answer === null) return null;
      if (answer.type === "played") return { result: answer.result, seconds: answer.seconds };
      const { code, message, data } = answer.error;
      throw new FedtuneError(code, message, { data });
    },
    end: () => child.kill("SIGKILL"),
  };
}

function asked(child: ChildProcess, message: PlayMessage): Promise<PlayedMessage> {
  return new Promise((resolve) => {
    child.once("message", (answer) => resolve(answer as PlayedMessage));
    // A process that is gone already is noticed by its end.
    child.send(message, () => undefined);
  });
}

/** In source form the process needs TypeScript and the packages' source condition; in built form nothing. */
function forkPlayer(): ChildProcess {
  const isSource = import.meta.url.endsWith(".ts");
  const entry = new URL(isSource ? "./job-process.ts" : "./job-process.js", import.meta.url);
  const { href: loader } = new URL("../../bin/source.mjs", import.meta.url);
  return fork(fileURLToPath(entry), {
    execArgv: isSource ? ["--import", loader] : [],
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
}
