/** A form that was not finished, kept in this tab: signing in again or loading the page anew loses nothing. */
import { isJsonObject } from "./form/json.ts";
import type { JsonObject } from "./form/json.ts";

/** What is kept. */
export interface Draft {
  readonly config: JsonObject;
  /** The preset that it began with. */
  readonly preset: string;
}

/** The part of `sessionStorage` that is used. */
export type DraftStorage = Pick<Storage, "getItem" | "setItem" | "removeItem">;

const key = "new-run";

/** Reads it; null: there is none, or none that is understood. */
export function readDraft(storage: DraftStorage | null): Draft | null {
  const value = parsed(storage?.getItem(key) ?? null);
  if (!isJsonObject(value)) return null;
  const { config, preset } = value;
  return isJsonObject(config) && typeof preset === "string" ? { config, preset } : null;
}

function parsed(text: string | null): unknown {
  try {
    return text === null ? null : (JSON.parse(text) as unknown);
  } catch {
    return null;
  }
}

/** Keeps it; where there is no room or no storage the form goes on without. */
export function keepDraft(storage: DraftStorage | null, draft: Draft): void {
  try {
    storage?.setItem(key, JSON.stringify(draft));
  } catch {
    // It stays on the page.
  }
}

/** Forgets it. */
export function dropDraft(storage: DraftStorage | null): void {
  storage?.removeItem(key);
}

/** This tab's storage; null where it is denied. */
export function tabStorage(): DraftStorage | null {
  try {
    return sessionStorage;
  } catch {
    return null;
  }
}
