// Prisma's schema engine compiled to WASM, bound to node-postgres or to an in-memory PGlite (also the shadow database).
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import pg from "pg";
import {
  ColumnTypeEnum as T,
  DriverAdapterError,
  bindMigrationAwareSqlAdapterFactory,
} from "@prisma/driver-adapter-utils";

export const wasmDir = dirname(
  createRequire(import.meta.url).resolve("@prisma/schema-engine-wasm/schema_engine_bg"),
);

// Catalogue queries return types that @prisma/adapter-pg does not map ("char", name[], ...), hence an adapter of our own.
const COLUMN = {
  16: T.Boolean,
  17: T.Bytes,
  18: T.Character,
  20: T.Int64,
  21: T.Int32,
  23: T.Int32,
  26: T.Int64,
  114: T.Json,
  700: T.Float,
  701: T.Double,
  1000: T.BooleanArray,
  1002: T.CharacterArray,
  1003: T.TextArray,
  1005: T.Int32Array,
  1007: T.Int32Array,
  1009: T.TextArray,
  1015: T.TextArray,
  1016: T.Int64Array,
  1028: T.Int64Array,
  1082: T.Date,
  1083: T.Time,
  1114: T.DateTime,
  1184: T.DateTime,
  1700: T.Numeric,
  2950: T.Uuid,
  3802: T.Json,
};
const text = (v) => v;
const utc = (v) => v.replace(" ", "T").replace(/[+-]\d{2}(:\d{2})?$/, "") + "+00:00"; // sessions run in UTC
const PARSE = {
  20: text,
  114: text,
  1082: text,
  1083: text,
  1114: utc,
  1184: utc,
  1700: text,
  3802: text,
};

const wrap = async (work) => {
  try {
    return await work();
  } catch (e) {
    if (typeof e?.code !== "string" || typeof e?.severity !== "string") throw e;
    throw new DriverAdapterError({
      kind: "postgres",
      originalCode: e.code,
      originalMessage: e.message,
      code: e.code,
      severity: e.severity,
      message: e.message,
      detail: e.detail,
      column: e.column,
      hint: e.hint,
    });
  }
};
class Queryable {
  provider = "postgres";
  adapterName = "schema-engine-adapter";
  constructor(conn) {
    this.conn = conn;
  }
  queryRaw = ({ sql, args }) =>
    wrap(async () => {
      const r = await this.conn.query(sql, args);
      return {
        columnNames: r.fields.map((f) => f.name),
        columnTypes: r.fields.map((f) => COLUMN[f.dataTypeID] ?? T.Text),
        rows: r.rows,
      };
    });
  executeRaw = ({ sql, args }) => wrap(async () => (await this.conn.query(sql, args)).count ?? 0);
}
class Transaction extends Queryable {
  options = { usePhantomQuery: true };
  commit = () => wrap(() => this.conn.exec("COMMIT"));
  rollback = () => wrap(() => this.conn.exec("ROLLBACK"));
}
class Adapter extends Queryable {
  executeScript = (script) => wrap(() => this.conn.exec(script)); // whole file in one simple query: $$ bodies and strings with ';' are safe
  startTransaction = async () => {
    await this.conn.exec("BEGIN");
    return new Transaction(this.conn);
  };
  getConnectionInfo = () => ({ schemaName: "public", supportsRelationJoins: true });
  dispose = () => this.conn.close();
}
async function memory() {
  const { PGlite } = await import("@electric-sql/pglite");
  const db = await PGlite.create();
  return new Adapter({
    query: async (sql, args) => {
      const r = await db.query(sql, args, { rowMode: "array", parsers: PARSE });
      return { ...r, count: r.affectedRows };
    },
    exec: async (s) => {
      await db.exec(s);
    },
    close: () => db.close(),
  });
}
async function server(url) {
  const c = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 10_000,
    options: "-c TimeZone=UTC",
  });
  await c.connect();
  const types = {
    getTypeParser: (oid, format) => PARSE[oid] ?? pg.types.getTypeParser(oid, format),
  };
  return new Adapter({
    query: async (sql, args) => {
      const r = await c.query({ text: sql, values: args, rowMode: "array", types });
      return { fields: r.fields, rows: r.rows, count: r.rowCount };
    },
    exec: async (s) => {
      await c.query(s);
    },
    close: () => c.end(),
  });
}
let Engine;
/** url: a Postgres to work on; without it everything happens in memory. datamodels: [[path, content], ...] */
export async function schemaEngine({ url, datamodels }) {
  if (!Engine) {
    const glue = await import("@prisma/schema-engine-wasm/schema_engine_bg");
    const wasm = new WebAssembly.Instance(
      new WebAssembly.Module(readFileSync(join(wasmDir, "schema_engine_bg.wasm"))),
      { "./schema_engine_bg.js": glue },
    );
    glue.__wbg_set_wasm(wasm.exports);
    wasm.exports.__wbindgen_start();
    Engine = glue.SchemaEngine;
  }
  const factory = {
    provider: "postgres",
    adapterName: "schema-engine-adapter",
    connect: () => (url ? server(url) : memory()),
    connectToShadowDb: memory,
  };
  return Engine.new({ datamodels }, () => {}, bindMigrationAwareSqlAdapterFactory(factory));
}
