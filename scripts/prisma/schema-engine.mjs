#!/usr/bin/env node
/**
 * Stands in for Prisma's native schema engine: the same arguments, and the same JSON-RPC on standard input and output.
 * The engine cannot say what data a migration loses: read the SQL.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import pg from "pg";
import { schemaEngine, wasmFolder } from "./engine.mjs";

const call = parseArguments(process.argv.slice(2));
if (call.isVersion) {
  const { version } = JSON.parse(readFileSync(join(wasmFolder, "package.json"), "utf8"));
  process.stdout.write(`schema-engine-wasm ${version}\n`);
} else if (call.command[0] === "cli") {
  await runCommand(call);
} else {
  serve(call);
}

function parseArguments(argv) {
  const parsed = { isVersion: argv[0] === "--version", files: [], command: [], url: undefined };
  for (let i = 0; i < argv.length; i++) {
    if (argv[i] === "--datamodels") parsed.files.push(argv[++i]);
    else if (argv[i] === "--datasource") parsed.url = JSON.parse(argv[++i]).url || undefined;
    else if (argv[i].startsWith("--")) i++;
    else parsed.command.push(argv[i]);
  }
  return parsed;
}

/** `cli can-connect-to-database` and `cli create-database`. */
async function runCommand({ command, url }) {
  try {
    if (command[1] === "can-connect-to-database") await runOnce(url, () => "SELECT 1");
    else if (command[1] === "create-database") await createDatabase(url);
    else fail(`not supported: ${command.join(" ")}`);
  } catch (error) {
    if (error.code === "3D000") fail(`Database \`${nameIn(url)}\` does not exist`, "P1003");
    const code = error.code === "28P01" ? "P1000" : "P1001";
    fail(`Can't reach the database server: ${error.message || error.code}`, code);
  }
}

/** Prisma's command drops the first line on standard error, and reads the others as a log of JSON lines. */
function fail(message, error_code) {
  const fields = { message, error_code, is_panic: false };
  const line = { level: "ERROR", target: "schema_engine::logger", fields };
  process.stderr.write(`\n${JSON.stringify(line)}`);
  process.exit(1);
}

async function runOnce(connectionString, sqlFor) {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 10_000 });
  try {
    await client.connect();
    await client.query(sqlFor(client));
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function createDatabase(url) {
  const admin = new URL(url);
  admin.pathname = "/postgres";
  const databaseName = nameIn(url);
  await runOnce(admin.href, (client) => `CREATE DATABASE ${client.escapeIdentifier(databaseName)}`);
  return { databaseName };
}

function nameIn(url) {
  return decodeURIComponent(new URL(url).pathname.slice(1));
}

/** Answers one request after the other, until there are no more. */
function serve({ files, url }) {
  const datamodels =
    files.length === 0
      ? undefined
      : files.filter(existsSync).map((path) => [path, readFileSync(path, "utf8")]);
  let opening = null;
  const engine = () => (opening ??= schemaEngine({ url, datamodels }));
  let queue = Promise.resolve();
  createInterface({ input: process.stdin, crlfDelay: Infinity })
    .on("line", (line) => {
      const request = line.trim() === "" ? null : JSON.parse(line);
      if (request?.method) queue = queue.then(() => answer(request, { engine, url }));
    })
    .on("close", () => queue.then(() => process.exit(0)));
}

async function answer({ id, method, params }, { engine, url }) {
  try {
    const own = methods[method];
    const open = await engine();
    const result = await (own === undefined ? open[method](params) : own(open, params, url));
    reply({ id, result: result ?? {} });
  } catch (error) {
    const message = String(error?.message ?? error);
    const data = { is_panic: false, message, error_code: error?.code };
    reply({ id, error: { code: 4466, message: "see data", data } });
  }
}

function reply(message) {
  process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
}

/** Where the WebAssembly engine and the native one differ. */
const methods = {
  createDatabase: (_engine, _params, url) => createDatabase(url),
  getDatabaseVersion: (engine) => engine.version(null),

  /** The native engine lets Prisma's command print the result. */
  async diff(engine, params) {
    const result = await engine.diff(params);
    const { stdout = null } = result;
    if (stdout !== null) {
      const content = stdout.replace(/\n$/, "");
      reply({ id: `print-${Date.now()}`, method: "print", params: { content } });
    }
    return { ...result, stdout: null };
  },

  /** This engine opens no shadow database in this call: only whether there is something to do is told. */
  async evaluateDataLoss(engine, { migrationsList, schema, filters }) {
    const { lockfile } = migrationsList;
    const content = lockfile.content ?? 'provider = "postgresql"\n';
    const { exitCode } = await engine.diff({
      from: { tag: "migrations", ...migrationsList, lockfile: { ...lockfile, content } },
      to: { tag: "schemaDatamodel", ...schema },
      ...{ script: true, exitCode: true, filters },
    });
    return { migrationSteps: exitCode === 2 ? 1 : 0, warnings: [], unexecutableSteps: [] };
  },
};
