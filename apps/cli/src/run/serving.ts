/** A coordinator process: its database and blobs, its port, and a run that it serves. */
import type { Coordinator, ResolvedRun, RunEnd, Store } from "@fedtune/core";
import { runGuarantee } from "@fedtune/dp";
import { startServer } from "@fedtune/server";
import type { CoordinatorServer } from "@fedtune/server";
import { reportRows } from "@fedtune/simulation";
import type { ReportRow } from "@fedtune/simulation";
import type { FileData } from "@fedtune/training";
import type { Io } from "../io.ts";
import { hostRun } from "./hosted-run.ts";
import type { HostedRun } from "./hosted-run.ts";
import { participantNames } from "./participant-names.ts";
import { openPlatform } from "./platform.ts";
import type { OpenTrainer } from "./trainers.ts";

/** What a coordinator process needs, whoever asks for it. */
export interface Serving {
  readonly resolved: ResolvedRun;
  readonly host: string;
  readonly port: number;
  readonly dataDir: string;
  /** Connection string of a Postgres; null: an embedded one in `dataDir`. */
  readonly databaseUrl: string | null;
  /** The operator's test data; null: no central evaluation. Not used where clients evaluate. */
  readonly test: FileData | null;
  readonly backend: string | undefined;
  /** What an interrupt does to the run: ends it, or leaves it as it is for the next process. */
  readonly interrupt: "stop" | "leave";
}

/** A coordinator that listens. */
export interface Served {
  readonly server: CoordinatorServer;
  readonly coordinator: Coordinator;
  /** Evaluates; null without test data. */
  readonly evaluator: OpenTrainer | null;
  /** Runs the rounds to their end and saves every round's adapter. */
  run(): Promise<ServedResult>;
  close(): Promise<void>;
}

/** How a served run ended. */
export interface ServedResult {
  readonly end: RunEnd;
  readonly rows: readonly ReportRow[];
  /** Folder of the last round's adapter; null when no round was finished. */
  readonly adapter: string | null;
  readonly privacy: ReturnType<typeof runGuarantee>;
}

/** Opens database, blobs, port and run. */
export async function startServing(serving: Serving, io: Io): Promise<Served> {
  const { resolved, host, port } = serving;
  const platform = await openPlatform(serving);
  const names = participantNames(platform.store);
  const opened: { close(): Promise<void> }[] = [platform];
  const close = async (): Promise<void> => {
    for (const one of opened.splice(0).reverse()) await one.close();
  };
  try {
    const hosted = await hostRun({ ...serving, nameOf: names.nameOf }, io);
    opened.push(hosted);
    const { store } = names;
    const { blobs } = platform;
    const server = await startServer({ host, port, store, blobs, runs: [hosted.toServe] });
    opened.push(server);
    await names.load(hosted.setup.id);
    const coordinator = server.coordinator(hosted.setup.id);
    hosted.bind(coordinator);
    return {
      ...{ server, coordinator, evaluator: hosted.evaluator, close },
      run: () =>
        serveToEnd({ hosted, coordinator, store, resolved, interrupt: serving.interrupt }, io),
    };
  } catch (error) {
    await close();
    throw error;
  }
}

interface ServedRun extends Pick<Serving, "resolved" | "interrupt"> {
  readonly hosted: HostedRun;
  readonly coordinator: Coordinator;
  readonly store: Store;
}

async function serveToEnd(
  { hosted, coordinator, store, resolved, interrupt }: ServedRun,
  { signal }: Io,
): Promise<ServedResult> {
  const left = new Promise<never>((_, reject) => {
    const leave = (): void => {
      if (interrupt === "stop") coordinator.stop();
      else reject(signal.reason instanceof Error ? signal.reason : new Error("interrupted"));
    };
    if (signal.aborted) leave();
    else signal.addEventListener("abort", leave, { once: true });
  });
  const end = await Promise.race([coordinator.run(), left]);
  const adapter = await hosted.saved();
  const history = await store.getHistory(hosted.setup.id);
  const rows = history === null ? [] : reportRows(history, resolved.config);
  const privacy = runGuarantee(resolved.config, history?.rounds.length ?? 0);
  return { end, rows, adapter, privacy };
}
