/** Pages read their own rows: every query behind a list goes by an index, however long the list is. */
import { runId } from "@fedtune/core";
import pg from "pg";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { startDatabase } from "../start.ts";
import type { StartedDatabase } from "../start.ts";
import { hashOf } from "../test-support/rows.ts";
import { temporaryFolder } from "../test-support/temporary-folder.ts";
import { ledgerPage } from "./ledger-page.ts";
import { postgresStore } from "./postgres-store.ts";

const folder = temporaryFolder();
const RUNS = 30;
const ROWS = 600;
const run = runId("run-2");
let database: StartedDatabase;

beforeAll(async () => {
  database = await startDatabase({ url: null, directory: join(folder, "postgres") });
  await fill();
});
afterAll(() => database.close());
afterEach(() => {
  vi.restoreAllMocks();
});

/** Some runs, each with so many rows of everything that a list could be of. */
async function fill(): Promise<void> {
  const each = `FROM generate_series(1, ${RUNS}) AS r, generate_series(1, ${ROWS}) AS i`;
  const hash = hashOf("any");
  for (const statement of [
    `INSERT INTO runs (id, config_hash, config, committed) SELECT 'run-' || r, '${hash}',
       '{"model":"mini","method":{"name":"fedavg"}}', ${ROWS} FROM generate_series(1, ${RUNS}) AS r`,
    `INSERT INTO rounds (run_id, round, row) SELECT 'run-' || r, i, '{"seconds":1.5}' ${each}`,
    `INSERT INTO evaluations (run_id, round, metrics) SELECT 'run-' || r, i, '{"loss":0.5}' ${each}`,
    `INSERT INTO attempts (run_id, round, attempt, cohort, target) SELECT 'run-' || r, i, 1, '{0}', 1 ${each}`,
    `INSERT INTO refusals (run_id, round, attempt, index, code, message, refused_at)
       SELECT 'run-' || r, i, 1, 0, 'not-finite', 'NaN', now() + i * interval '1 s' ${each}`,
    `INSERT INTO participants (run_id, client, index) SELECT 'run-' || r, 'c' || i, i ${each}`,
    `INSERT INTO updates (run_id, round, index, attempt, blob_hash, bytes, examples, metrics, norm)
       SELECT 'run-' || r, i, 0, 1, '${hash}', 1, 1, '{}', 1 ${each}`,
    `INSERT INTO ledger (run_id, sequence, round, event, previous, hash)
       SELECT 'run-' || r, i, i, '{}', '', '' ${each}`,
    "ANALYZE",
  ]) {
    await database.pool.query(statement);
  }
}

interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** What is asked of the database while `work` goes on. */
async function asked(work: () => Promise<unknown>): Promise<readonly Statement[]> {
  const found: Statement[] = [];
  const client = pg.Client.prototype as { query: (...given: unknown[]) => unknown };
  const { query } = client;
  vi.spyOn(client, "query").mockImplementation(function (this: unknown, ...given: unknown[]) {
    const [first, second] = given;
    const { text, values } =
      typeof first === "string"
        ? { text: first, values: second }
        : (first as { text?: string; values?: unknown });
    if (text?.trimStart().startsWith("SELECT") === true)
      found.push({ text, values: Array.isArray(values) ? values : [] });
    return query.apply(this, given);
  });
  await work();
  vi.restoreAllMocks();
  return found;
}

/** Tables that a statement reads from end to end, and the rows that it looks at. */
async function planOf({ text, values }: Statement) {
  const { rows } = await database.pool.query<{ "QUERY PLAN": [{ Plan: Plan }] }>(
    `EXPLAIN (ANALYZE, FORMAT JSON) ${text}`,
    [...values],
  );
  const nodes = nodesOf(rows[0]!["QUERY PLAN"][0].Plan);
  return {
    scanned: nodes.flatMap((node) =>
      node["Node Type"] === "Seq Scan" ? (node["Relation Name"] ?? []) : [],
    ),
    looked: Math.max(...nodes.map((node) => node["Actual Rows"] * node["Actual Loops"])),
  };
}

interface Plan {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly "Actual Rows": number;
  readonly "Actual Loops": number;
  readonly Plans?: readonly Plan[];
}

function nodesOf(plan: Plan): Plan[] {
  return [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];
}

const late = { from: ROWS - 60, limit: 20 };

describe("a page", () => {
  const store = () => postgresStore(database);
  const reads: readonly (readonly [string, () => Promise<unknown>])[] = [
    ["rounds", () => store().getRounds(run, late)],
    ["evaluations", () => store().getEvaluations(run, late)],
    ["attempts", () => store().getAttempts(run, late)],
    ["refusals", () => store().getRefusals(run, late)],
    ["participants", () => store().getParticipants(run, late)],
    ["the ledger", () => ledgerPage(database.prisma, run, late)],
    ["one round", () => store().getRoundDetails(run, ROWS / 2)],
    ["a part of a series", () => store().getSeries(run, { of: "seconds", from: 100, to: 120 })],
    ["runs", () => store().findRuns({}, { from: 0, limit: 20 })],
    ["a run", () => store().getRun(run)],
  ];

  it.each(reads)("of %s reads no table from end to end but that of runs", async (_, read) => {
    const statements = await asked(read);
    expect(statements.length).toBeGreaterThan(0);
    for (const statement of statements) {
      const { scanned } = await planOf(statement);
      expect(
        scanned.filter((table) => table !== "runs"),
        statement.text,
      ).toEqual([]);
    }
  });

  it.each([reads[0]!, reads[5]!, reads[6]!, reads[7]!])(
    "of %s looks at its own rows alone, however far they are",
    async (_, read) => {
      for (const statement of await asked(read))
        expect((await planOf(statement)).looked, statement.text).toBeLessThanOrEqual(25);
    },
  );

  it("that goes by no index is found out", async () => {
    const statements = await asked(() =>
      database.prisma.round.findMany({ where: { committedAt: { lt: new Date(0) } } }),
    );
    expect((await planOf(statements[0]!)).scanned).toEqual(["rounds"]);
  });
});
