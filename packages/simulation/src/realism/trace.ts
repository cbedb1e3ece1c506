/** A trace of clients' availability: lines of client, from, to. */
import { FedtuneError } from "@fedtune/core";
import { formatOf, readRows } from "@fedtune/training";
import type { FileSource } from "@fedtune/training";

/** From (inclusive) to (exclusive), in virtual seconds from the start of the run. */
export interface Interval {
  readonly from: number;
  readonly to: number;
}

/** Intervals by client, ascending and apart. */
export type Trace = ReadonlyMap<string, readonly Interval[]>;

/**
 * Reads a trace; intervals of one client that touch or overlap become one.
 *
 * @throws FedtuneError `data-invalid` for lines that are no interval; what reading the file throws
 */
export async function readTrace(path: string, files: FileSource): Promise<Trace> {
  const request = {
    path,
    format: formatOf({ format: null, path }),
    columns: ["client", "from", "to"],
  };
  const clients = new Map<string, Interval[]>();
  for await (const { line, values } of readRows(files.stream(path), request)) {
    const [client = "", from = "", to = ""] = values;
    const interval = { from: secondsOf(from), to: secondsOf(to) };
    if (client === "" || !(interval.from >= 0) || !(interval.to > interval.from))
      throw invalidLine(path, line, values);
    const own = clients.get(client);
    if (own === undefined) clients.set(client, [interval]);
    else own.push(interval);
  }
  return new Map([...clients].map(([client, intervals]) => [client, joined(intervals)]));
}

function secondsOf(text: string): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : Number.NaN;
}

function invalidLine(path: string, line: number, values: readonly string[]): FedtuneError {
  return new FedtuneError(
    "data-invalid",
    `Cannot read line ${String(line)} of the availability trace ${path}: it says ${values.join(", ")}, ` +
      "wanted a client and two times in seconds, 0 <= from < to",
    { data: { path, line } },
  );
}

function joined(intervals: readonly Interval[]): Interval[] {
  const sorted = [...intervals].sort((a, b) => a.from - b.from);
  const apart: Interval[] = [];
  for (const interval of sorted) {
    const last = apart.at(-1);
    if (last === undefined || interval.from > last.to) apart.push(interval);
    else apart[apart.length - 1] = { from: last.from, to: Math.max(last.to, interval.to) };
  }
  return apart;
}

/**
 * Holds a trace against the clients that it is for; a client without lines is never there.
 *
 * @throws FedtuneError `data-invalid` when it names clients that do not exist
 */
export function checkTrace(trace: Trace, names: readonly string[]): void {
  const known = new Set(names);
  const unknown = [...trace.keys()].filter((name) => !known.has(name));
  if (unknown.length === 0) return;
  throw new FedtuneError(
    "data-invalid",
    `Cannot use the availability trace: it names ${String(unknown.length)} clients that the simulation lacks ` +
      `(${unknown.slice(0, 3).join(", ")}), wanted names such as ${names.slice(0, 3).join(", ")}`,
    { data: { unknown: unknown.slice(0, 20) } },
  );
}
