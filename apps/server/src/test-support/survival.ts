/** A run that outlives its coordinator: killed at a point, started again, played to its end. */
import { float32Bytes } from "@fedtune/core";
import { nodeHash } from "@fedtune/node-ports";
import { mailbox } from "@fedtune/testkit";
import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { expect } from "vitest";
import type { CrashPoint } from "./crash-points.ts";
import type { CrashingServer } from "./crashing-server.ts";
import { honest, joinRun, participants, roundsOf, simulated } from "./federation.ts";

const numRounds = 3;
const program = fileURLToPath(new URL("./crashing-server.ts", import.meta.url));

/** All that can be lost in three rounds of three clients, numbered. */
export const crashPoints: readonly CrashPoint[] = [
  { moment: "after", call: "enrol", occurrence: 2 },
  { moment: "before", call: "openAttempt", occurrence: 1 },
  { moment: "after", call: "openAttempt", occurrence: 2 },
  { moment: "before", call: "blobs.put", occurrence: 1 },
  { moment: "during", call: "blobs.put", occurrence: 2 },
  { moment: "after", call: "blobs.put", occurrence: 3 },
  { moment: "before", call: "putUpdate", occurrence: 2 },
  { moment: "during", call: "putUpdate", occurrence: 3 },
  { moment: "after", call: "putUpdate", occurrence: 1 },
  { moment: "after", call: "putUpdate", occurrence: 6 },
  { moment: "before", call: "endAttempt", occurrence: 1 },
  { moment: "during", call: "endAttempt", occurrence: 2 },
  { moment: "after", call: "endAttempt", occurrence: 2 },
  { moment: "after", call: "blobs.put", occurrence: 4 },
  { moment: "before", call: "commitRound", occurrence: 1 },
  { moment: "during", call: "commitRound", occurrence: 2 },
  { moment: "after", call: "commitRound", occurrence: 2 },
  { moment: "after", call: "commitRound", occurrence: 3 },
  { moment: "before", call: "putEvaluation", occurrence: 1 },
  { moment: "after", call: "putEvaluation", occurrence: 3 },
  { moment: "before", call: "finishRun", occurrence: 1 },
  { moment: "after", call: "finishRun", occurrence: 1 },
];

/** In every phase of a round with twenty clients: joining, ordered, uploading, closing, aggregating, committing, evaluating. */
export const crowdedCrashPoints: readonly CrashPoint[] = [
  { moment: "after", call: "enrol", occurrence: 11 },
  { moment: "after", call: "openAttempt", occurrence: 2 },
  { moment: "during", call: "blobs.put", occurrence: 8 },
  { moment: "during", call: "putUpdate", occurrence: 14 },
  { moment: "after", call: "putUpdate", occurrence: 31 },
  { moment: "after", call: "endAttempt", occurrence: 1 },
  { moment: "during", call: "commitRound", occurrence: 2 },
  { moment: "before", call: "putEvaluation", occurrence: 3 },
];

interface Outcome {
  readonly end: { readonly status: string };
  readonly adapter: string;
  readonly rounds: readonly { readonly round: number; readonly accepted: readonly number[] }[];
  readonly evaluations: readonly { readonly round: number }[];
}

/** What a test has started, the last first to be closed. */
type Closing = { close(): Promise<unknown> }[];

/** The process of a coordinator: what it says, and how it ends. */
function start(told: CrashingServer, closing: Closing) {
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
  const child: ChildProcess = fork(program, [JSON.stringify(told)], {
    execArgv: ["--conditions=@fedtune/source", "--import", tsx],
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  const said = mailbox<unknown>();
  child.on("message", (message) => {
    said.put(message);
  });
  let errors = "";
  child.stderr?.on("data", (text) => (errors += String(text)));
  const ended = new Promise<NodeJS.Signals | number | null>((resolve) => {
    child.once("exit", (code, signal) => {
      resolve(signal ?? code);
    });
  });
  closing.push({
    close: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  });
  return { said, ended, errors: () => errors };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Runs to the end over a death at the point, and holds what came of it to an undisturbed run. */
export async function expectSurvival(
  crashAt: CrashPoint,
  databaseUrl: string | null,
  names: readonly string[] = honest,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "fedtune-crash-"));
  const closing: Closing = [];
  try {
    const outcome = await survived({ folder, databaseUrl, crashAt, names }, closing);
    const adapter = nodeHash.sha256(float32Bytes(await simulated(numRounds, names)));
    expect(outcome).toMatchObject({ end: { status: "completed" }, adapter });
    const accepted = names.map((_, index) => index);
    expect(outcome.rounds).toEqual([1, 2, 3].map((round) => ({ round, accepted })));
    expect(outcome.evaluations.map(({ round }) => round)).toEqual([0, 1, 2, 3]);
  } finally {
    for (const each of closing.reverse()) await each.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }
}

type Life = Pick<CrashingServer, "folder" | "databaseUrl" | "crashAt"> & {
  readonly names: readonly string[];
};

async function survived({ crashAt, names, ...place }: Life, closing: Closing): Promise<Outcome> {
  const port = await freePort();
  const roster = names === honest ? participants : names;
  const run = { participants: roster, rounds: roundsOf(names, numRounds) };
  const told = { ...place, port, run };
  const first = start({ ...told, crashAt }, closing);
  const stateDir = join(place.folder, "state");
  const where = { url: `http://127.0.0.1:${port}`, stateDir, names };
  const clients = names.map((_, k) => joinRun(where, k));
  closing.push(...clients);
  expect(await first.ended, first.errors()).toBe("SIGKILL");
  const second = start({ ...told, crashAt: null }, closing);
  for (;;) {
    const message = await Promise.race([second.said.take(), second.ended.then(() => null)]);
    if (message === null) throw new Error(`the second coordinator died: ${second.errors()}`);
    if (typeof message === "object" && "adapter" in message) return message as Outcome;
  }
}
