/** The settings of a server: one schema, from which environment names, the reading and the reference table follow. */
import { FedtuneError, inputError, isFedtuneError, nearest, parseInput } from "@fedtune/core";
import type { InputIssue } from "@fedtune/core";
import { z } from "zod";
import { defaultLimits } from "../limits.ts";
import type { ServerLimits } from "../limits.ts";
import { blobPlace } from "./blob-place.ts";
import { relayPlace } from "./relay-place.ts";
import { settingFields } from "./setting-fields.ts";
import type { SettingField } from "./setting-fields.ts";

const milliseconds = z.int().min(1).max(86_400_000);
const count = z.int().min(1).max(1_000_000);
const file = z.string().min(1);

const limits = z.strictObject({
  maxConnections: count
    .default(defaultLimits.maxConnections)
    .describe("live connections, over all runs"),
  messageBurst: count
    .default(defaultLimits.messageBurst)
    .describe("control messages of one connection taken at once"),
  messagesPerSecond: count
    .default(defaultLimits.messagesPerSecond)
    .describe("control messages of one connection per second beyond the burst"),
  helloTimeoutMs: milliseconds
    .default(defaultLimits.helloTimeoutMs)
    .describe("a connection that says nothing for so long is cut"),
  uploadTimeoutMs: milliseconds
    .default(defaultLimits.uploadTimeoutMs)
    .describe("longest time for one upload"),
  closeTimeoutMs: milliseconds
    .default(defaultLimits.closeTimeoutMs)
    .describe("longest wait for requests under way when the server closes"),
} satisfies Record<keyof ServerLimits, z.ZodType>);

/** Everything that an operator can set; a field's meaning stands with it. */
export const settingsSchema = z.strictObject({
  host: z
    .string()
    .min(1)
    .default("127.0.0.1")
    .describe("address to listen on; by default reachable from this machine only"),
  port: z.int().min(0).max(65_535).default(8470).describe("port to listen on; 0 takes a free one"),
  dataDir: file
    .default(".fedtune")
    .describe("folder of the embedded database, the blobs and the saved adapters"),
  databaseUrl: z
    .string()
    .regex(/^postgres(ql)?:\/\//, "an address postgresql://USER:PASSWORD@HOST:PORT/NAME")
    .nullable()
    .default(null)
    .describe("Postgres to use; none: one of its own in the data folder")
    .meta({ environment: "DATABASE_URL" }),
  blobUrl: z
    .string()
    .superRefine(isPlace(blobPlace))
    .nullable()
    .default(null)
    .describe(
      "where adapters and updates are kept: file:FOLDER or s3://BUCKET/PREFIX?endpoint=URL&region=NAME; none: in the data folder",
    )
    .meta({ environment: "BLOB_URL" }),
  relayUrl: z
    .string()
    .superRefine(isPlace(relayPlace))
    .nullable()
    .default(null)
    .describe(
      "Redis between several processes: redis://USER:PASSWORD@HOST:PORT/NUMBER, rediss:// for TLS; none: the database",
    )
    .meta({ environment: "RELAY_URL" }),
  connections: z
    .int()
    .min(3)
    .max(1_000)
    .default(10)
    .describe("connections to the database, at most"),
  allowedHosts: z
    .array(z.string().min(1))
    .nullable()
    .default(null)
    .describe(
      "host names that requests may use; none: loopback's names on loopback, any elsewhere",
    ),
  allowedOrigins: z
    .array(z.string().regex(/^https?:\/\/[^/]+$/, "an origin like https://host"))
    .default([])
    .describe("origins of pages that may speak to the server besides its own"),
  pages: z
    .boolean()
    .default(true)
    .describe("shows browsers the pages: joining at /join, the dashboard everywhere else"),
  pagesOrigin: z
    .string()
    .regex(/^https?:\/\/[^/\s?#@]+$/, "an origin like https://host")
    .nullable()
    .default(null)
    .describe(
      "where the pages are instead, as files on another host; it is also an allowed origin",
    ),
  trustProxy: z
    .int()
    .min(0)
    .max(10)
    .default(0)
    .describe("reverse proxies in front of the server whose X-Forwarded headers count"),
  tls: z
    .strictObject({
      cert: file.describe("PEM file with the certificate chain"),
      key: file.describe("PEM file with the private key"),
    })
    .nullable()
    .default(null)
    .describe("serves https itself; none: plain http, for a reverse proxy or for loopback"),
  logLevel: z
    .enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"])
    .default("info")
    .describe("least level that is logged"),
  logFormat: z
    .enum(["json", "pretty"])
    .default("json")
    .describe("json for collectors, pretty for people"),
  metrics: z
    .boolean()
    .default(true)
    .describe("serves /metrics to tokens with the scope metrics:read"),
  openEnrolment: z
    .boolean()
    .nullable()
    .default(null)
    .describe(
      "lets clients in without a token and without signatures; none: on a loopback address only",
    ),
  drainTimeoutMs: milliseconds
    .default(25_000)
    .describe("longest wait for what is under way after SIGTERM"),
  leaseMs: z
    .int()
    .min(1_000)
    .max(600_000)
    .default(10_000)
    .describe("how long the runs of a process that fell silent stay its own"),
  limits: limits.prefault({}).describe("bounds against faults and abuse"),
});

/** The settings of a server, complete. */
export type ServerSettings = z.output<typeof settingsSchema>;

/** What a reader of places takes. */
function isPlace(read: (text: string) => unknown) {
  return (text: string, context: z.RefinementCtx): void => {
    try {
      read(text);
    } catch (error) {
      const message = error instanceof Error ? (error.message.split("wanted ")[1] ?? "") : "";
      context.addIssue({ code: "custom", message });
    }
  };
}

/** A settings file after it was read: its fields, and where each stands. */
export interface SettingsFile {
  readonly value: Readonly<Record<string, unknown>>;
  /** `server.yaml:3:5` of a path. */
  place(path: readonly string[]): string | null;
}

/** Where settings come from, in rising strength. */
export interface SettingsSources {
  readonly file?: SettingsFile | null;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Variables that begin with `FEDTUNE_` and are no settings. */
  readonly otherVariables?: readonly string[];
  /** By option, `--port`: the field that it sets and its value; undefined: not given. */
  readonly flags?: Readonly<Record<string, readonly [field: string, value: unknown]>>;
}

interface Assignment {
  readonly path: readonly string[];
  readonly value: unknown;
  /** `FEDTUNE_PORT` or `--port`. */
  readonly source: string;
}

const fields = settingFields(settingsSchema);

/**
 * Reads settings; what they lack is the default's.
 *
 * @throws FedtuneError `config-invalid` naming every wrong field with its place: file, line and column, variable or
 * option; an unknown one with the nearest known
 */
export function readSettings(sources: SettingsSources = {}): ServerSettings {
  const assignments = [
    ...fromEnvironment(sources.environment ?? {}, sources.otherVariables ?? []),
    ...fromFlags(sources.flags ?? {}),
  ];
  const value = assignments.reduce(withField, sources.file?.value ?? {});
  try {
    return parseInput(settingsSchema, value, { what: "the server's settings" });
  } catch (error) {
    throw isFedtuneError(error) ? placed(error, sources, assignments) : error;
  }
}

/** The environment's settings; the stronger of two names for one field comes later. */
function fromEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  others: readonly string[],
): Assignment[] {
  const known = fields.flatMap(({ environment: names }) => names);
  const unknown = Object.keys(environment).filter(
    (name) => name.startsWith("FEDTUNE_") && !known.includes(name) && !others.includes(name),
  );
  if (unknown.length > 0) throw unknownVariables(unknown, known);
  return fields.flatMap((field) =>
    [...field.environment].reverse().flatMap((source) => {
      const text = environment[source];
      // An empty variable is how compose files say that there is none.
      if (text === undefined || text === "") return [];
      return [{ path: field.path, value: fromText(field, text), source }];
    }),
  );
}

function unknownVariables(unknown: readonly string[], known: readonly string[]): FedtuneError {
  const issues = unknown.map((name): InputIssue => {
    const near = nearest(name, known);
    // Its value may be a secret.
    const wanted =
      near === null ? "no such variable" : `a known variable (did you mean "${near}"?)`;
    return { field: name, value: "…", wanted };
  });
  return inputError(issues, { what: "the environment" });
}

/** A text as the field's type wants it; what does not fit is left as it is, for the schema to refuse. */
function fromText({ type }: SettingField, text: string): unknown {
  switch (type) {
    case "number":
      return /^\d+$/.test(text) ? Number(text) : text;
    case "boolean":
      return text === "true" ? true : text === "false" ? false : text;
    case "list":
      return text.split(",").map((part) => part.trim());
    case "text":
      return text;
    default:
      throw new RangeError(`Cannot read a setting of type ${String(type satisfies never)}`);
  }
}

function fromFlags(flags: NonNullable<SettingsSources["flags"]>): Assignment[] {
  return Object.entries(flags)
    .filter(([, [, value]]) => value !== undefined)
    .map(([source, [field, value]]) => ({ path: field.split("."), value, source }));
}

function withField(
  value: Readonly<Record<string, unknown>>,
  { path: [key = "", ...rest], ...assignment }: Assignment,
): Readonly<Record<string, unknown>> {
  const inner = Object.hasOwn(value, key) ? value[key] : undefined;
  if (rest.length === 0) return { ...value, [key]: assignment.value };
  const parent = typeof inner === "object" && inner !== null ? inner : {};
  return { ...value, [key]: withField({ ...parent }, { path: rest, ...assignment }) };
}

function placed(
  error: FedtuneError,
  { file: source }: SettingsSources,
  assignments: readonly Assignment[],
): FedtuneError {
  const issues = error.data["issues"];
  if (!Array.isArray(issues)) return error;
  const located = (issues as readonly InputIssue[]).map((issue) => {
    const path = issue.field.split(".");
    const set = assignments.findLast((one) => one.path.every((key, i) => path[i] === key));
    const place = set?.source ?? source?.place(path) ?? null;
    const shown = isSecret(path) ? { ...issue, value: "…" } : issue;
    return place === null ? shown : { ...shown, place };
  });
  const { message } = inputError(located, { what: "the server's settings" });
  return new FedtuneError(error.code, message, { data: { ...error.data, issues: located } });
}

/** An address of a service holds its password. */
function isSecret([field]: readonly string[]): boolean {
  return field === "databaseUrl" || field === "blobUrl" || field === "relayUrl";
}
