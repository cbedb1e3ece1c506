import { FedtuneError } from "@fedtune/core";
import type { Io } from "../io.ts";
import { openClient, runNamed } from "./run-client.ts";
import { stateText } from "./run-show.ts";
import type { OneRun } from "./run-show.ts";

/** What an operator tells a run. */
export interface RunSteerOptions extends OneRun {
  readonly command: "pause" | "resume" | "stop";
}

/** Pauses, resumes or stops a run. */
export async function runSteer(options: RunSteerOptions, io: Io): Promise<undefined> {
  const client = await openClient(options);
  const input = { params: { run: runNamed(options.run) }, signal: io.signal };
  const commands = { pause: client.pauseRun, resume: client.resumeRun, stop: client.stopRun };
  const run = await commands[options.command](input);
  io.result(run, () => stateText(run));
  return undefined;
}

/** Forgets a run. @throws FedtuneError `usage` without `--yes` */
export async function runDelete(
  options: OneRun & { readonly yes?: true | undefined },
  io: Io,
): Promise<undefined> {
  const run = runNamed(options.run);
  if (options.yes !== true) {
    const message = `Cannot delete run "${run}" without --yes: its history and its adapters would be gone`;
    throw new FedtuneError("usage", message, { data: { help: "fedtune run delete --help" } });
  }
  const client = await openClient(options);
  await client.deleteRun({ params: { run }, signal: io.signal });
  io.result({ run, deleted: true }, () => `Deleted run "${run}"`);
  return undefined;
}
