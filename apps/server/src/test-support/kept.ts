/** A folder for each test, and what it opens; all of it goes when the test ends, what was opened last goes first. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach } from "vitest";

interface Closable {
  close(): Promise<void>;
}

/** What a test file keeps. */
export interface Kept {
  /** The folder of the test at hand. */
  folder(): string;
  /** Closes it when the test ends. */
  keep<T extends Closable>(opened: T): T;
}

/** Registers the hooks; `name` is in the folder's name. */
export function keptForEach(name: string): Kept {
  let folder = "";
  let closing: Closable[] = [];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), `fedtune-${name}-`));
  });
  afterEach(async () => {
    for (const each of closing.reverse()) await each.close();
    closing = [];
    await rm(folder, { recursive: true });
  });
  return {
    folder: () => folder,
    keep(opened) {
      closing.push(opened);
      return opened;
    },
  };
}
