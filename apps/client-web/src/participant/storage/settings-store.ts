/** What the holder has set, for all runs of this browser. */
import { z } from "zod";
import type { Settings } from "../device-report.ts";
import type { ParticipantDatabase } from "./database.ts";
import { inStorage } from "./storage-error.ts";

/** Before anything is set: eight, and the best backend that works. */
export const defaultSettings: Settings = {
  effort: "normal",
  onlyOnMains: false,
  keepScreenOn: false,
  backend: null,
  budgetEpsilon: 8,
};

const schema = z.object({
  effort: z.enum(["gentle", "normal", "full"]),
  onlyOnMains: z.boolean(),
  keepScreenOn: z.boolean(),
  backend: z.enum(["webgpu", "webgl", "wasm", "cpu"]).nullable(),
  budgetEpsilon: z.number().positive().nullable(),
});

const KEY = "holder";

/** The settings, or those of a fresh browser. */
export async function readSettings(database: ParticipantDatabase): Promise<Settings> {
  const value = await inStorage("read the settings", () => database.get("settings", KEY));
  const parsed = schema.safeParse(value);
  return parsed.success ? parsed.data : defaultSettings;
}

/** Replaces them. */
export async function writeSettings(
  database: ParticipantDatabase,
  settings: Settings,
): Promise<void> {
  await inStorage("write the settings", () => database.put("settings", settings, KEY));
}
