#!/usr/bin/env node
// Stand-in for Prisma's native schema-engine executable: the same arguments and the same JSON-RPC on stdin/stdout.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import pg from "pg";
import { schemaEngine, wasmDir } from "./engine.mjs";

const argv = process.argv.slice(2);
if (argv[0] === "--version") {
  console.log(
    "schema-engine-wasm " + JSON.parse(readFileSync(join(wasmDir, "package.json"), "utf8")).version,
  );
  process.exit(0);
}
const files = [];
const command = [];
let url;
for (let i = 0; i < argv.length; i++) {
  if (argv[i] === "--datamodels") files.push(argv[++i]);
  else if (argv[i] === "--datasource") url = JSON.parse(argv[++i]).url || undefined;
  else if (argv[i].startsWith("--")) i++;
  else command.push(argv[i]);
}
const dbName = () => decodeURIComponent(new URL(url).pathname.slice(1));
const fail = (message, error_code) => {
  // the CLI drops the first stderr line and reads the rest as JSON log lines
  process.stderr.write(
    "\n" +
      JSON.stringify({
        level: "ERROR",
        target: "schema_engine::logger",
        fields: { message, error_code, is_panic: false },
      }),
  );
  process.exit(1);
};
async function once(connectionString, sql) {
  const c = new pg.Client({ connectionString, connectionTimeoutMillis: 10_000 });
  try {
    await c.connect();
    await c.query(typeof sql === "function" ? sql(c) : sql);
  } finally {
    await c.end().catch(() => {});
  }
}
async function createDatabase() {
  const admin = new URL(url);
  admin.pathname = "/postgres";
  await once(admin.href, (c) => `CREATE DATABASE ${c.escapeIdentifier(dbName())}`);
  return { databaseName: dbName() };
}
if (command[0] === "cli") {
  try {
    if (command[1] === "can-connect-to-database") await once(url, "select 1");
    else if (command[1] === "create-database") await createDatabase();
    else fail("not supported: " + command.join(" "));
    process.exit(0);
  } catch (e) {
    if (e.code === "3D000") fail(`Database \`${dbName()}\` does not exist`, "P1003");
    fail(
      `Can't reach the database server: ${e.message || e.code}`,
      e.code === "28P01" ? "P1000" : "P1001",
    );
  }
}
const reply = (o) => process.stdout.write(JSON.stringify({ jsonrpc: "2.0", ...o }) + "\n");
let engine;
const methods = {
  createDatabase,
  getDatabaseVersion: () => engine.version(null),
  async diff(p) {
    // the native engine prints through a "print" call to the CLI
    const r = await engine.diff(p);
    if (r.stdout != null)
      reply({
        id: "print-" + Date.now(),
        method: "print",
        params: { content: r.stdout.replace(/\n$/, "") },
      });
    return { ...r, stdout: null };
  },
  async evaluateDataLoss(p) {
    // the WASM engine cannot open its shadow database in this call: no data-loss warnings, only "is there something to do"
    const list = {
      ...p.migrationsList,
      lockfile: {
        ...p.migrationsList.lockfile,
        content: p.migrationsList.lockfile.content ?? 'provider = "postgresql"\n',
      },
    };
    const r = await engine.diff({
      from: { tag: "migrations", ...list },
      to: { tag: "schemaDatamodel", ...p.schema },
      script: true,
      exitCode: true,
      filters: p.filters,
    });
    return { migrationSteps: r.exitCode === 2 ? 1 : 0, warnings: [], unexecutableSteps: [] };
  },
};
async function handle({ id, method, params }) {
  try {
    engine ??= await schemaEngine({
      url,
      datamodels: files.length
        ? files.filter(existsSync).map((p) => [p, readFileSync(p, "utf8")])
        : undefined,
    });
    reply({
      id,
      result: (await (methods[method] ? methods[method](params) : engine[method](params))) ?? {},
    });
  } catch (e) {
    reply({
      id,
      error: {
        code: 4466,
        message: "see data",
        data: { is_panic: false, message: String(e?.message ?? e), error_code: e?.code },
      },
    });
  }
}
let queue = Promise.resolve();
createInterface({ input: process.stdin, crlfDelay: Infinity })
  .on("line", (l) => {
    const m = l.trim() && JSON.parse(l);
    if (m?.method) queue = queue.then(() => handle(m));
  })
  .on("close", () => queue.then(() => process.exit(0)));
