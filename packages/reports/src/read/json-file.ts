/** Files of earlier runs, checked like any other input. */
import { FedtuneError, parseInput } from "@fedtune/core";
import { readFile } from "node:fs/promises";
import type { z } from "zod";

/** A file's text; null: there is none. */
export async function textOf(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    const data = { path };
    throw new FedtuneError("file-unreadable", `Cannot read ${path}: ${message}`, { data, cause });
  }
}

/** Text as JSON. @throws FedtuneError `state-corrupt` with the path */
export function jsonOf(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const message = `Cannot read ${path}: it is not JSON`;
    throw new FedtuneError("state-corrupt", message, { data: { path }, cause });
  }
}

/** A value that a schema has read. @throws FedtuneError `state-corrupt` with the path */
export const checked = <Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  path: string,
): z.output<Schema> => parseInput(schema, value, { what: path, code: "state-corrupt" });
