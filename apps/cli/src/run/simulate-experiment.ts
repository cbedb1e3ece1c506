/** `fedtune simulate EXPERIMENT`: an experiment at the command line. */
import { FedtuneError } from "@fedtune/core";
import { exitCodes } from "../edge.ts";
import { experimentText, readResults } from "../experiment/experiment-text.ts";
import { runExperiment } from "../experiment/run-experiment.ts";
import type { ExperimentProgress } from "../experiment/run-experiment.ts";
import type { ExperimentResult } from "@fedtune/simulation";
import { join } from "node:path";
import type { Io } from "../io.ts";
import type { SimulateOptions } from "./simulate.ts";

/** What an experiment is played with; every other option of `simulate` is about a single run. */
const ofExperiments: ReadonlySet<string> = new Set([
  ...["set", "out", "backend", "jobs", "queue", "resume"],
  ...["json", "quiet", "verbose"],
]);

/** Plays an experiment, shows how far it is, and prints its outcome. */
export async function runSimulateExperiment(
  file: string,
  options: SimulateOptions,
  io: Io,
): Promise<number> {
  refuseOthers(options);
  const bar = io.progress("cells", 0);
  try {
    const { set, out, backend, jobs, queue, resume = false } = options;
    const { result, folder } = await runExperiment(file, {
      ...{ set, out, backend, jobs, queue, resume },
      signal: io.signal,
      onStart({ plan, folder: path }) {
        bar.setTotal(plan.cells.length);
        io.note(`${plan.experiment.name}: ${plan.cells.length} cells on ${plan.engine.text}`);
        io.note(`Results: ${path}`);
      },
      onProgress: (progress) => bar.update(progress.done, progressNote(progress)),
      onNote: (line) => io.note(line),
    });
    bar.stop();
    const reported = await readResults(folder);
    io.result({ folder, ...reported }, () =>
      [experimentText(reported), ...failures(result), `Report: ${join(folder, "index.html")}`].join(
        "\n\n",
      ),
    );
    const isWhole = result.cells.every(({ status }) => status === "completed");
    return isWhole ? exitCodes.ok : exitCodes.failure;
  } finally {
    bar.stop();
  }
}

/** What failed and why, a line for each reason. */
function failures({ cells }: ExperimentResult): readonly string[] {
  const reasons = cells.flatMap((cell) => (cell.failure === null ? [] : [cell.failure]));
  const lines = reasons.map(({ code, message }) => `${message} (${code})`);
  const counted = [...new Set(lines)].map(
    (line) => `${lines.filter((other) => other === line).length} failed: ${line}`,
  );
  return counted.length === 0 ? [] : [counted.join("\n")];
}

function refuseOthers(options: SimulateOptions): void {
  const single = Object.entries(options).flatMap(([name, value]) =>
    value === undefined || ofExperiments.has(name) ? [] : [`--${dashed(name)}`],
  );
  if (single.length === 0) return;
  const message = `Cannot use ${single.join(", ")} with an experiment: wanted --set with a field of its file, such as --set base.rounds.numRounds=2`;
  throw new FedtuneError("usage", message, { data: { options: single } });
}

function dashed(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function progressNote({ failed, secondsLeft }: ExperimentProgress): string {
  return [
    ...(failed === 0 ? [] : [`${failed} failed`]),
    ...(secondsLeft === null ? [] : [`${durationText(secondsLeft)} left`]),
  ].join(", ");
}

/** `40 s`, `12 min`, `3.5 h`. */
function durationText(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}
