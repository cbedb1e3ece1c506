/** A coordinator process of the command line, and the run that it plays. */
import type { Coordinator, ResolvedRun, RunEnd, Store } from "@fedtune/core";
import { runGuarantee } from "@fedtune/dp";
import { startCoordinator } from "@fedtune/server";
import type { CoordinatorProcess, RunToServe, ServerSettings } from "@fedtune/server";
import { reportRows } from "@fedtune/simulation";
import type { ReportRow } from "@fedtune/simulation";
import type { ExampleData } from "@fedtune/training";
import type { Io } from "../io.ts";
import { version } from "../version.ts";
import { joinLinkOf, shownUrl } from "./addresses.ts";
import { askModel, modelFolder } from "./base-model.ts";
import { firstStart } from "./first-start.ts";
import { hostRun } from "./hosted-run.ts";
import type { HostedRun } from "./hosted-run.ts";
import { openPages } from "./pages.ts";
import { participantNames } from "./participant-names.ts";
import { openPlatform } from "./platform.ts";
import { registries } from "./registries.ts";
import { toServe } from "./run-to-serve.ts";
import type { ComputeOptions, OpenTrainer } from "./trainers.ts";

/** What a coordinator process needs, whoever asks for it. */
export interface Serving {
  readonly settings: ServerSettings;
  readonly resolved: ResolvedRun;
  /** The operator's test data; null: no central evaluation. Not used where clients evaluate. */
  readonly test: ExampleData | null;
  readonly compute: ComputeOptions;
  /** What an interrupt does to the run: ends it, or leaves it as it is for the next process. */
  readonly interrupt: "stop" | "leave";
}

/** A coordinator that listens. */
export interface Served {
  /** Where clients connect. */
  readonly url: string;
  /** The run's page for operators; null: there are no pages. */
  readonly dashboard: string | null;
  /** Lets data holders in, by a page or by the command line. */
  readonly joinLink: string;
  /** Whether clients are let in without a join link. */
  readonly isOpen: boolean;
  readonly coordinator: Coordinator;
  /** Evaluates; null without test data. */
  readonly evaluator: OpenTrainer | null;
  /** Waits for the end of the rounds, and saves every round's adapter. */
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

/** A process that listens, and what it stands on. */
export interface Listening {
  readonly process: CoordinatorProcess;
  /** As people open it. */
  readonly url: string;
  /** Whether browsers are shown anything there. */
  readonly hasPages: boolean;
  /** As the process uses it. */
  readonly store: Store;
  readonly nameOf: (index: number) => string;
  close(): Promise<void>;
}

/** Opens database, blobs and port; with `servesAll` every run of the database is played that nobody else plays. */
export async function startListening(
  settings: ServerSettings,
  { servesAll }: { readonly servesAll: boolean },
  io: Io,
): Promise<Listening> {
  const platform = await openPlatform(settings);
  const names = participantNames(platform.store);
  const shown = openPages(settings, io);
  try {
    const process = await startCoordinator({
      ...{ ...platform, settings, registries, servesAll, store: names.store, modelFolder },
      ...{ version: version(), pages: shown.pages },
      prepare: (config) => toServe(config),
      askModel,
    });
    const url = shownUrl(settings, process.server.address);
    await firstStart(process.security, { url, dataDir: settings.dataDir }, io);
    return {
      ...{ process, url, store: names.store, nameOf: names.nameOf },
      hasPages: shown.pages !== null,
      async close() {
        shown.close();
        await process.close();
        await platform.close();
      },
    };
  } catch (error) {
    shown.close();
    await platform.close();
    throw error;
  }
}

/** Opens a process for one run, and plays it. */
export async function startServing(serving: Serving, io: Io): Promise<Served> {
  const { resolved, settings, interrupt } = serving;
  const listening = await startListening(settings, { servesAll: false }, io);
  const { store, nameOf } = listening;
  const opened: { close(): Promise<void> }[] = [listening];
  const close = async (): Promise<void> => {
    for (const one of opened.splice(0)) await one.close();
  };
  try {
    const hosted = await hostRun({ ...serving, dataDir: settings.dataDir, nameOf }, io);
    opened.push(hosted);
    const { coordinator, ended } = await listening.process.play(
      hosted.toServe satisfies RunToServe,
    );
    hosted.bind(coordinator);
    const { server, isOpen } = listening.process;
    const { id } = hosted.setup;
    const joinLink = await joinLinkOf(listening.process, { url: listening.url, run: id });
    const dashboard = listening.hasPages ? `${listening.url}/runs/${id}` : null;
    return {
      ...{ url: server.address.url, dashboard, joinLink, isOpen, coordinator, close },
      evaluator: hosted.evaluator,
      run: () => playToEnd({ hosted, coordinator, ended, store, resolved, interrupt }, io),
    };
  } catch (error) {
    await close();
    throw error;
  }
}

interface PlayedRun extends Pick<Serving, "resolved" | "interrupt"> {
  readonly hosted: HostedRun;
  readonly coordinator: Coordinator;
  readonly ended: Promise<RunEnd>;
  readonly store: Store;
}

async function playToEnd(
  { hosted, coordinator, ended, store, resolved, interrupt }: PlayedRun,
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
  const end = await Promise.race([ended, left]);
  const adapter = await hosted.saved();
  const history = await store.getHistory(hosted.setup.id);
  const rows = history === null ? [] : reportRows(history, resolved.config);
  const privacy = runGuarantee(resolved.config, history?.rounds.length ?? 0);
  return { end, rows, adapter, privacy };
}
