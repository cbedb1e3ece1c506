/** A client as a process of its own: this very program with the verb `join`. */
import { FedtuneError } from "@fedtune/core";
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Io } from "../io.ts";
import { computeArguments } from "./trainers.ts";
import type { ComputeOptions } from "./trainers.ts";

/** What a child takes part with. */
export interface ChildOptions {
  readonly name: string;
  readonly file: string;
  readonly url: string;
  readonly model: string;
  readonly compute: ComputeOptions;
  readonly stateDir: string;
}

/** A running child. */
export interface ChildClient {
  /** Resolves when the process is gone, whatever its exit code. */
  readonly ended: Promise<void>;
  /** Rejects when the process ends badly; never resolves. */
  readonly failed: Promise<never>;
  /** Ends the process in good order, after some seconds by force. */
  stop(): Promise<void>;
}

const program = fileURLToPath(new URL("../../bin/fedtune.mjs", import.meta.url));
/** How much of a failed child's last words is kept, in characters. */
const LAST_WORDS = 2000;
const STOP_GRACE_MS = 5000;

/** Starts a client process; an interrupt of this one ends it too. */
export function startChild(
  { name, file, url, model, compute, stateDir }: ChildOptions,
  io: Io,
): ChildClient {
  const local = model === "fedtune-mini" ? [] : ["--model", model];
  const options = [
    "--server",
    url,
    "--name",
    name,
    "--data",
    file,
    "--state-dir",
    stateDir,
    "--json",
    ...local,
    ...computeArguments(compute),
  ];
  const child = spawn(process.execPath, [program, "join", ...options], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let words = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    words = (words + text).slice(-LAST_WORDS);
  });
  const release = io.onExit(() => child.kill("SIGKILL"));
  const exit = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      release();
      resolve(code);
    });
  });
  const failed = exit.then((code) => {
    if (code === 0 || io.signal.aborted) return new Promise<never>(() => undefined);
    const said = words.trim().split("\n").at(-1) ?? "";
    throw new FedtuneError(
      "run-failed",
      `Client "${name}" ended with exit code ${String(code)}: ${said}`,
      { data: { client: name, code } },
    );
  });
  failed.catch(() => undefined);
  return {
    ended: exit.then(
      () => undefined,
      () => undefined,
    ),
    failed,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGTERM");
      const force = setTimeout(() => child.kill("SIGKILL"), STOP_GRACE_MS);
      await exit.catch(() => undefined);
      clearTimeout(force);
    },
  };
}
