import { methods } from "@fedtune/aggregators";
import { adapterKinds, prepareRun, resolveRun, runId } from "@fedtune/core";
import type { DataRef, Metrics, ResolvedRun, Trainer } from "@fedtune/core";
import { nodeHash } from "@fedtune/node-ports";
import { reportRows } from "@fedtune/simulation";
import type { ReportRow } from "@fedtune/simulation";
import { fileData } from "@fedtune/training";
import { exitCodes } from "../edge.ts";
import type { Io } from "../io.ts";
import { tableText } from "../table.ts";
import { saveAdapter } from "./adapter-folder.ts";
import { openBaseModel } from "./base-model.ts";
import { startChild } from "./child-client.ts";
import type { ChildClient } from "./child-client.ts";
import { planDemo } from "./demo-plan.ts";
import type { DemoClient, DemoOptions, DemoPlan } from "./demo-plan.ts";
import { centralEvaluation } from "./evaluation.ts";
import { bytesText, percent, roundsTable } from "./report-text.ts";
import { roundFolder, startServing } from "./serve.ts";
import { simulateOnce } from "./simulate.ts";

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
  const resolved = resolveRun(plan.config, { methods, kinds: adapterKinds }, nodeHash);
  const { numRounds } = resolved.config.rounds;
  const rows = plan.clients.reduce((sum, client) => sum + client.rows, 0);
  io.note(
    `${plan.clients.length} clients with ${rows} examples, ${resolved.config.task.labels.length} labels, ${numRounds} rounds of ${String(resolved.config.method["name"])}`,
  );
  const result = await (options.simulate === true ? simulated : live)(
    { plan, resolved, backend: options.backend },
    io,
  );
  io.result({ run: resolved.config.name, configHash: resolved.hash, ...result }, () =>
    demoText(result),
  );
  return result.status === "completed" ? exitCodes.ok : exitCodes.failure;
}

interface Demo {
  readonly plan: DemoPlan;
  readonly resolved: ResolvedRun;
  readonly backend: string | undefined;
}

/** A coordinator in this process, every client in one of its own, real sockets between them. */
async function live({ plan, resolved, backend }: Demo, io: Io): Promise<DemoResult> {
  const served = await startServing(
    { resolved, host: "127.0.0.1", port: 0, dataDir: plan.folder, test: plan.test, backend },
    io,
  );
  const children: ChildClient[] = [];
  try {
    const { url } = served.server.address;
    io.note(`Coordinator at ${url}`);
    const before = await accuracies(
      served.evaluator?.trainer ?? null,
      { plan, resolved, adapter: served.coordinator.adapter() },
      io,
    );
    for (const { name, file } of plan.clients) {
      children.push(
        startChild(
          { name, file, url, model: resolved.config.model, backend, stateDir: plan.folder },
          io,
        ),
      );
    }
    const failed = Promise.race(children.map((child) => child.failed));
    const { end, rows, adapter } = await Promise.race([served.run(), failed]);
    await Promise.all(children.map((child) => child.ended));
    const after = await accuracies(
      served.evaluator?.trainer ?? null,
      { plan, resolved, adapter: served.coordinator.adapter() },
      io,
    );
    return {
      status: end.status,
      rows,
      accuracy: joined(plan, before, after),
      adapter,
      failure: end.failure?.message ?? null,
    };
  } finally {
    await Promise.all(children.map((child) => child.stop()));
    await served.close();
  }
}

/** The same run over a memory network and virtual time. */
async function simulated({ plan, resolved, backend }: Demo, io: Io): Promise<DemoResult> {
  const model = await openBaseModel(resolved.config.model);
  const clients = plan.clients.map(({ name, file }) => ({
    name,
    data: fileData({ kind: "file", path: file }),
  }));
  const description = model.describe(resolved.config);
  const first = prepareRun(runId("demo"), resolved, {
    shape: description,
    hash: nodeHash,
  }).context.initial(resolved.config.adapter.rank);
  return simulateOnce({ run: plan.config, resolved, clients, model, test: plan.test }, io, {
    backend,
    workers: 2,
    async finish({ result, trainer }) {
      const before = await accuracies(trainer, { plan, resolved, adapter: first }, io);
      const after = await accuracies(trainer, { plan, resolved, adapter: result.adapter }, io);
      const round = result.history.rounds.length;
      const adapter = await saveAdapter(roundFolder(plan.folder, resolved.config.name, round), {
        description,
        values: result.adapter,
        config: resolved.config,
        metadata: { run: resolved.config.name, round: String(round) },
      });
      const { status, failure } = result.end;
      return {
        status,
        rows: reportRows(result.history),
        accuracy: joined(plan, before, after),
        adapter,
        failure: failure?.message ?? null,
      };
    },
  });
}

/** Accuracy of an adapter on every client's own part of the test data, then on all of it. */
async function accuracies(
  trainer: Trainer | null,
  { plan, resolved, adapter }: { plan: DemoPlan; resolved: ResolvedRun; adapter: Float32Array },
  io: Io,
): Promise<Metrics[]> {
  if (trainer === null) return [];
  const { rank } = resolved.config.adapter;
  const parts: DataRef[] = [...plan.clients.flatMap((client) => client.test ?? []), plan.test];
  const measured: Metrics[] = [];
  for (const data of parts) {
    const evaluate = centralEvaluation({ trainer, resolved, data, control: { signal: io.signal } });
    measured.push(await evaluate(adapter, rank, 0));
  }
  return measured;
}

function joined(
  plan: DemoPlan,
  before: readonly Metrics[],
  after: readonly Metrics[],
): DemoResult["accuracy"] {
  const own: readonly DemoClient[] = plan.clients.filter((client) => client.test !== null);
  return [...own.map(({ name }) => name), "all"].map((name, k) => ({
    name,
    rows: after[k]?.["examples"] ?? 0,
    before: before[k]?.["accuracy"] ?? NaN,
    after: after[k]?.["accuracy"] ?? NaN,
  }));
}

function demoText({ rows, accuracy, adapter, failure }: DemoResult): string {
  const up = rows.reduce((sum, row) => sum + row.bytesUp, 0);
  const down = rows.reduce((sum, row) => sum + row.bytesDown, 0);
  const table = tableText(
    ["test data of", "examples", "accuracy before", "after"],
    accuracy.map((row) => [row.name, String(row.rows), percent(row.before), percent(row.after)]),
  );
  return [
    roundsTable(rows),
    table,
    `Sent: ${bytesText(up)} up, ${bytesText(down)} down; no example left its client.`,
    ...(adapter === null ? [] : [`Adapter: ${adapter}`]),
    ...(failure === null ? [] : [`The run failed: ${failure}`]),
  ].join("\n\n");
}
