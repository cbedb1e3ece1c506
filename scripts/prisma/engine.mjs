/**
 * Prisma's schema engine, compiled to WebAssembly, over node-postgres or over a Postgres in memory (PGlite), which is its
 * shadow database as well. The native engine is a download at run time; this one is a package.
 */
import {
  bindMigrationAwareSqlAdapterFactory,
  ColumnTypeEnum as T,
  DriverAdapterError,
} from "@prisma/driver-adapter-utils";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import pg from "pg";

/** Where the engine's package is. */
export const wasmFolder = dirname(
  createRequire(import.meta.url).resolve("@prisma/schema-engine-wasm/schema_engine_bg"),
);

/**
 * Types of Postgres by their object id. Catalogue queries return some that Prisma's own adapter does not map ("char",
 * name[]), and that adapter splits scripts at every semicolon: hence this one.
 */
const columnTypes = {
  ...{ 16: T.Boolean, 17: T.Bytes, 18: T.Character, 20: T.Int64, 21: T.Int32, 23: T.Int32 },
  ...{ 26: T.Int64, 114: T.Json, 700: T.Float, 701: T.Double, 1000: T.BooleanArray },
  ...{ 1002: T.CharacterArray, 1003: T.TextArray, 1005: T.Int32Array, 1007: T.Int32Array },
  ...{ 1009: T.TextArray, 1015: T.TextArray, 1016: T.Int64Array, 1028: T.Int64Array },
  ...{ 1082: T.Date, 1083: T.Time, 1114: T.DateTime, 1184: T.DateTime, 1700: T.Numeric },
  ...{ 2950: T.Uuid, 3802: T.Json },
};

const asText = (value) => value;
/** Sessions run in UTC. */
const asUtc = (value) => `${value.replace(" ", "T").replace(/[+-]\d{2}(:\d{2})?$/, "")}+00:00`;
const parsers = {
  ...{ 20: asText, 114: asText, 1082: asText, 1083: asText, 1114: asUtc, 1184: asUtc },
  ...{ 1700: asText, 3802: asText },
};

/** Passes on what `work` gives; errors of Postgres become those that the engine understands. */
async function translated(work) {
  try {
    return await work();
  } catch (error) {
    if (typeof error?.code !== "string" || typeof error?.severity !== "string") throw error;
    const { code, severity, message, detail, column, hint } = error;
    throw new DriverAdapterError({
      ...{ kind: "postgres", originalCode: code, originalMessage: message },
      ...{ code, severity, message, detail, column, hint },
    });
  }
}

/** What the engine asks of a connection, in a transaction or not. */
function queryable(connection) {
  return {
    provider: "postgres",
    adapterName: "schema-engine-adapter",
    queryRaw: ({ sql, args }) =>
      translated(async () => {
        const { fields, rows } = await connection.query(sql, args);
        const columnNames = fields.map(({ name }) => name);
        return {
          columnNames,
          columnTypes: fields.map(({ dataTypeID }) => columnTypes[dataTypeID] ?? T.Text),
          rows,
        };
      }),
    executeRaw: ({ sql, args }) =>
      translated(async () => (await connection.query(sql, args)).count ?? 0),
  };
}

function adapter(connection) {
  return {
    ...queryable(connection),
    // A whole file is one simple query: function bodies, and strings with semicolons, are safe.
    executeScript: (script) => translated(() => connection.execute(script)),
    async startTransaction() {
      await connection.execute("BEGIN");
      return {
        ...queryable(connection),
        options: { usePhantomQuery: true },
        commit: () => translated(() => connection.execute("COMMIT")),
        rollback: () => translated(() => connection.execute("ROLLBACK")),
      };
    },
    getConnectionInfo: () => ({ schemaName: "public", supportsRelationJoins: true }),
    dispose: () => connection.close(),
  };
}

async function inMemory() {
  const { PGlite } = await import("@electric-sql/pglite");
  const database = await PGlite.create();
  return adapter({
    async query(sql, args) {
      const result = await database.query(sql, args, { rowMode: "array", parsers });
      return { ...result, count: result.affectedRows };
    },
    async execute(script) {
      await database.exec(script);
    },
    close: () => database.close(),
  });
}

async function onServer(connectionString) {
  const client = new pg.Client({
    ...{ connectionString, connectionTimeoutMillis: 10_000, options: "-c TimeZone=UTC" },
  });
  await client.connect();
  const types = {
    getTypeParser: (oid, format) => parsers[oid] ?? pg.types.getTypeParser(oid, format),
  };
  return adapter({
    async query(sql, args) {
      const query = { text: sql, values: args, rowMode: "array", types };
      const { fields, rows, rowCount } = await client.query(query);
      return { fields, rows, count: rowCount };
    },
    async execute(script) {
      await client.query(script);
    },
    close: () => client.end(),
  });
}

let loading = null;

async function loadEngine() {
  const glue = await import("@prisma/schema-engine-wasm/schema_engine_bg");
  const { Module, Instance } = globalThis.WebAssembly;
  const module = new Module(readFileSync(join(wasmFolder, "schema_engine_bg.wasm")));
  const { exports } = new Instance(module, { "./schema_engine_bg.js": glue });
  glue.__wbg_set_wasm(exports);
  exports.__wbindgen_start();
  return glue.SchemaEngine;
}

/**
 * Opens the engine on the Postgres at `url`; without one everything happens in memory. `datamodels` are pairs of path and
 * content.
 */
export async function schemaEngine({ url, datamodels }) {
  loading ??= loadEngine();
  const Engine = await loading;
  const factory = {
    provider: "postgres",
    adapterName: "schema-engine-adapter",
    connect: () => (url === undefined ? inMemory() : onServer(url)),
    connectToShadowDb: inMemory,
  };
  return Engine.new({ datamodels }, () => undefined, bindMigrationAwareSqlAdapterFactory(factory));
}
