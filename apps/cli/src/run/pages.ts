/**
 * The pages of a coordinator: those that were installed, or in a clone those that are built from its sources when these
 * have changed. Building takes some seconds, in a process of its own, while the coordinator serves already.
 */
import { isFedtuneError } from "@fedtune/core";
import { readSite } from "@fedtune/server";
import type { Pages, ServerSettings } from "@fedtune/server";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { setPriority } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import type { Io } from "../io.ts";

/** What browsers are shown by a coordinator of the command line. */
export interface OpenPages {
  /** Null: nothing. */
  readonly pages: (() => Pages) | null;
  /** Resolves when they are there, or will not come. */
  readonly settled: Promise<Pages["state"] | null>;
  close(): void;
}

/** Where the web app lies; null: it is not installed. */
function webAppFolder(): string | null {
  try {
    const { resolve } = createRequire(import.meta.url);
    return dirname(resolve("@fedtune/client-web/package.json"));
  } catch {
    return null;
  }
}

/** Begins to make the pages of a web app ready; never fails: where they cannot be, their address says why. */
export function openPages(
  { pages: wanted, pagesOrigin }: Pick<ServerSettings, "pages" | "pagesOrigin">,
  io: Pick<Io, "note" | "onExit">,
  folder = webAppFolder(),
): OpenPages {
  if (!wanted) return { pages: null, settled: Promise.resolve(null), close: () => undefined };
  let now: Pages =
    pagesOrigin === null ? { state: "building" } : { state: "elsewhere", origin: pagesOrigin };
  const closing = new AbortController();
  const getReady = async (): Promise<Pages["state"]> => {
    if (pagesOrigin === null) {
      now = await made(folder, closing.signal, io).catch((error: unknown) =>
        missing(error instanceof Error ? error.message : String(error)),
      );
    }
    return now.state;
  };
  return {
    pages: () => now,
    settled: getReady(),
    close: () => {
      closing.abort();
    },
  };
}

/** What `build.mjs` of the web app offers. */
interface Builder {
  readonly isFresh: () => Promise<boolean>;
}

async function made(
  folder: string | null,
  signal: AbortSignal,
  io: Pick<Io, "note" | "onExit">,
): Promise<Pages> {
  if (folder === null) return missing("the package @fedtune/client-web is not installed");
  const site = join(folder, "dist", "site");
  const builder = join(folder, "build.mjs");
  // An installed package brings its pages along, and nothing to build them with.
  const failure = existsSync(builder) ? await brought(builder, signal, io) : null;
  try {
    return { state: "ready", site: await readPatiently(site) };
  } catch (error) {
    if (failure === null && !isFedtuneError(error, "file-missing")) throw error;
    return missing(failure ?? `there is no folder ${site}`);
  }
}

/** Builds what is not of today; says why it could not. */
async function brought(
  builder: string,
  signal: AbortSignal,
  io: Pick<Io, "note" | "onExit">,
): Promise<string | null> {
  const { isFresh } = (await import(pathToFileURL(builder).href)) as Builder;
  if (await isFresh()) return null;
  const failure = await built(builder, signal, io);
  if (failure !== null && !signal.aborted) io.note(`Could not build the pages: ${failure}`);
  return failure;
}

/** What the build needs of the environment; the rest may hold secrets. */
const passed = ["PATH", "HOME", "TMPDIR", "SystemRoot", "TEMP"] as const;

/** Exit status of a build without Vite. */
const WITHOUT_VITE = 3;

function built(
  builder: string,
  signal: AbortSignal,
  { note, onExit }: Pick<Io, "note" | "onExit">,
): Promise<string | null> {
  const env = Object.fromEntries(passed.map((name) => [name, process.env[name]]));
  const child = spawn(process.execPath, [builder], {
    ...{ env: { ...env, NODE_ENV: "production" }, signal, stdio: ["ignore", "ignore", "pipe"] },
  });
  // Whoever trains on this machine goes first.
  if (child.pid !== undefined) setPriority(child.pid, 10);
  const forget = onExit(() => child.kill());
  let reason: string | null = null;
  createInterface({ input: child.stderr }).on("line", (line) => {
    if (/^(Building|Built) the pages/.test(line)) note(line);
    else if (line !== "") reason ??= line;
  });
  return new Promise((resolve) => {
    const end = (why: string | null): void => {
      forget();
      resolve(why);
    };
    child.once("error", (error) => {
      end(error.message);
    });
    child.once("close", (code) => {
      if (code === 0) end(null);
      else if (code === WITHOUT_VITE) end(`Vite is not installed; run npm ci in the clone`);
      else end(reason ?? "the build ended without a word");
    });
  });
}

/** Another process may be putting newer pages in place at this moment. */
async function readPatiently(
  site: string,
  tries = 5,
): Promise<Awaited<ReturnType<typeof readSite>>> {
  try {
    return await readSite(site);
  } catch (error) {
    if (tries <= 1) throw error;
    await new Promise((resolve) => setTimeout(resolve, 100));
    return readPatiently(site, tries - 1);
  }
}

function missing(why: string): Pages {
  const how = "Build them with: node apps/client-web/build.mjs; the API works without them.";
  return { state: "missing", why: `The pages are not here: ${why}. ${how}` };
}
