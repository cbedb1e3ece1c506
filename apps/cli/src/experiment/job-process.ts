/** Entry of a process that plays cells, one after the other, with its base model open. */
import { asFedtuneError } from "@fedtune/core";
import { openCellContext } from "./cell-context.ts";
import type { CellContext } from "./cell-context.ts";
import type { PlayedMessage, PlayMessage } from "./job-messages.ts";
import { playCell } from "./play-cell.ts";

let context: CellContext | null = null;
const endless = new AbortController().signal;

async function play({ engine, cell }: PlayMessage): Promise<PlayedMessage> {
  const started = performance.now();
  try {
    context ??= openCellContext(engine);
    const result = await playCell(cell, context, endless);
    return { type: "played", result, seconds: (performance.now() - started) / 1000 };
  } catch (error) {
    const { code, message, data } = asFedtuneError(error).toJSON();
    return { type: "broken", error: { code, message, data } };
  }
}

process.on("message", (message) => {
  void play(message as PlayMessage).then((answer) => process.send?.(answer));
});
// Whoever started this process has ended, or needs it no more; what is not kept is played again.
process.on("disconnect", () => process.exit());
// Ctrl-C reaches all processes of a terminal: what becomes of this one is for its parent to say.
for (const name of ["SIGINT", "SIGHUP"] as const) process.on(name, () => undefined);
