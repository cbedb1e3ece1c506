import { lacksOf } from "@fedtune/core";
import type { Metrics, ResolvedRun, Trainer } from "@fedtune/core";
import { readSettings } from "@fedtune/server";
import { reportRows } from "@fedtune/simulation";
import type { ReportRow, SimulationResult } from "@fedtune/simulation";
import { fileData } from "@fedtune/training";
import { join } from "node:path";
import { exitCodes } from "../edge.ts";
import type { Io } from "../io.ts";
import { tableText } from "../table.ts";
import { roundFolder, saveAdapter } from "./adapter-folder.ts";
import { openBaseModel, prepareWith, takenOutOf } from "./base-model.ts";
import { startChild } from "./child-client.ts";
import type { ChildClient } from "./child-client.ts";
import { planDemo } from "./demo-plan.ts";
import type { DemoOptions, DemoPlan } from "./demo-plan.ts";
import { centralEvaluation } from "./evaluation.ts";
import { evaluationLabel } from "./evaluation-label.ts";
import { bytesText, percent, roundsTable, savedText } from "./report-text.ts";
import { startServing } from "./serving.ts";
import { simulateOnce } from "./simulate.ts";
import type { ComputeOptions } from "./trainers.ts";

export type { DemoOptions } from "./demo-plan.ts";

/** What the demo shows at its end. */
interface DemoResult {
  readonly status: "completed" | "failed" | "stopped";
  readonly rows: readonly ReportRow[];
  /** Per client and over all: accuracy of the first and of the last adapter. */
  readonly accuracy: readonly {
    readonly name: string;
    readonly rows: number;
    readonly before: number;
    readonly after: number;
  }[];
  readonly adapter: string | null;
  readonly failure: string | null;
}

/** Runs the demo: live with child processes, or with `simulate` in this one. */
export async function runDemo(options: DemoOptions, io: Io): Promise<number> {
  const plan = await planDemo(options);
  const { resolved } = plan;
  const { numRounds } = resolved.config.rounds;
  const rows = plan.clients.reduce((sum, client) => sum + client.rows, 0);
  io.note(
    `${plan.clients.length} clients with ${rows} examples, ${resolved.config.task.labels.length} labels, ${numRounds} rounds of ${String(resolved.config.method["name"])}`,
  );
  const result = await (options.simulate === true ? simulated : live)(
    { plan, resolved, compute: options, pages: options.pages !== false },
    io,
  );
  io.result({ run: resolved.config.name, configHash: resolved.hash, ...result }, () =>
    demoText(result, resolved),
  );
  return result.status === "completed" ? exitCodes.ok : exitCodes.failure;
}

interface Demo {
  readonly plan: DemoPlan;
  readonly resolved: ResolvedRun;
  readonly compute: ComputeOptions;
  readonly pages: boolean;
}

/** A coordinator in this process, every client in one of its own, real sockets between them. */
async function live({ plan, resolved, compute, pages }: Demo, io: Io): Promise<DemoResult> {
  const settings = readSettings({
    flags: {
      "demo's port": ["port", 0],
      "demo's folder": ["dataDir", plan.folder],
      "demo's log": ["logLevel", "silent"],
      "demo's pages": ["pages", pages],
    },
  });
  const served = await startServing(
    { settings, resolved, compute, test: plan.test, interrupt: "stop" },
    io,
  );
  const { coordinator, evaluator } = served;
  const children: ChildClient[] = [];
  const measure = async () => {
    const model = { adapter: coordinator.adapter(), residuals: await coordinator.residuals() };
    return accuracies(evaluator?.trainer ?? null, { plan, resolved, ...model }, io);
  };
  try {
    const { url, dashboard } = served;
    if (dashboard !== null) io.note(`Dashboard, while the demo runs: ${dashboard}`);
    io.note(`Coordinator at ${url}; starting ${plan.clients.length} client processes`);
    const { model } = resolved.config;
    for (const { name, file } of plan.clients) {
      const stateDir = join(plan.folder, "state");
      children.push(startChild({ name, file, url, model, compute, stateDir }, io));
    }
    const whole = async (): Promise<DemoResult> => {
      // The clients start up meanwhile.
      const before = await measure();
      const { end, rows, adapter } = await served.run();
      await Promise.all(children.map((child) => child.ended));
      const accuracy = joined(plan, rows, { before, after: await measure() });
      return { status: end.status, rows, accuracy, adapter, failure: end.failure?.message ?? null };
    };
    return await Promise.race([whole(), ...children.map((child) => child.failed)]);
  } finally {
    await Promise.all(children.map((child) => child.stop()));
    await served.close();
  }
}

/** The same run over a memory network and virtual time. */
async function simulated({ plan, resolved, compute }: Demo, io: Io): Promise<DemoResult> {
  const { config } = resolved;
  const model = await openBaseModel(config.model, io);
  const clients = plan.clients.map(({ name, file }) => ({
    name,
    data: fileData({ kind: "file", path: file }),
  }));
  const description = model.describe(config);
  const setup = await prepareWith(model, resolved);
  const first = resolved.method.adapter(setup.initialState, config.adapter.rank);
  return simulateOnce({ run: plan.config, resolved, clients, model, test: plan.test }, io, {
    compute,
    workers: 2,
    async finish({ result, trainer }) {
      const start = { adapter: first, residuals: [] };
      const before = await accuracies(trainer, { plan, resolved, ...start }, io);
      const after = await accuracies(trainer, { ...result, plan, resolved }, io);
      const round = result.history.rounds.length;
      const folder = roundFolder(plan.folder, config.name, round);
      const values = result.adapter;
      const adapter = await saveAdapter(folder, {
        description,
        values,
        resolved,
        round,
        takenOut: await takenOutOf(model, resolved),
      });
      const rows = reportRows(result.history, result.resolved.config);
      const { status, failure } = result.end;
      const accuracy = joined(plan, rows, { before, after });
      return { status, rows, accuracy, adapter, failure: failure?.message ?? null };
    },
  });
}

/** The model to measure: an adapter over a base that the run may have changed. */
interface Measured extends Pick<SimulationResult, "adapter" | "residuals"> {
  readonly plan: DemoPlan;
  readonly resolved: ResolvedRun;
}

/** Metrics of an adapter on every client's own part of the test data, where the data says whose is whose. */
async function accuracies(
  trainer: Trainer | null,
  { plan, resolved, adapter, residuals }: Measured,
  io: Io,
): Promise<Metrics[]> {
  // Clients measure for themselves; where they keep factors there is no one model.
  if (trainer === null || resolved.config.evaluation.where === "federated") return [];
  const { rank } = resolved.config.adapter;
  const measured: Metrics[] = [];
  for (const data of plan.clients.flatMap((client) => client.test ?? [])) {
    const evaluate = centralEvaluation({ trainer, resolved, data, control: { signal: io.signal } });
    measured.push(await evaluate({ adapter, rank, round: 0, residuals }));
  }
  return measured;
}

interface OwnAccuracies {
  readonly before: readonly Metrics[];
  readonly after: readonly Metrics[];
}

/** One line per client with test data of its own, then everything as the rounds evaluated it. */
function joined(
  plan: DemoPlan,
  rows: readonly ReportRow[],
  { before, after }: OwnAccuracies,
): DemoResult["accuracy"] {
  const line = (name: string, first: Metrics = {}, last: Metrics = {}) => ({
    name,
    rows: last["examples"] ?? 0,
    before: first["accuracy"] ?? NaN,
    after: last["accuracy"] ?? NaN,
  });
  const isFederated = plan.resolved.config.evaluation.where === "federated";
  const whole = isFederated ? "all, held out" : "all";
  const own = plan.clients.filter((client) => client.test !== null && after.length > 0);
  const evaluated = rows.flatMap(({ evaluation }) => (evaluation === null ? [] : [evaluation]));
  return [
    ...own.map(({ name }, k) => line(name, before[k], after[k])),
    ...(evaluated.length === 0 ? [] : [line(whole, evaluated[0], evaluated.at(-1))]),
  ];
}

function demoText({ rows, accuracy, adapter, failure }: DemoResult, resolved: ResolvedRun): string {
  const up = rows.reduce((sum, row) => sum + row.bytesUp, 0);
  const down = rows.reduce((sum, row) => sum + row.bytesDown, 0);
  const table = tableText(
    ["test data of", "examples", "accuracy before", "after"],
    accuracy.map((row) => [row.name, String(row.rows), percent(row.before), percent(row.after)]),
  );
  return [
    roundsTable(rows, evaluationLabel(resolved)),
    ...(accuracy.length === 0 ? [] : [table]),
    `Sent: ${bytesText(up)} up, ${bytesText(down)} down; no example left its client.`,
    ...(adapter === null ? [] : [savedText(adapter, lacksOf(resolved))]),
    ...(failure === null ? [] : [`The run failed: ${failure}`]),
  ].join("\n\n");
}
