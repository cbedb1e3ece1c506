/** A data holder's part in a run as pages see it: one observable snapshot, and what can be done. */
import type { ErrorCode, RunId } from "@fedtune/core";
import type { BrowserBackend, DeviceState, Effort, Power, Settings } from "./device-report.ts";
import type { ChosenFolder } from "./data/choices.ts";
import type { ColumnMapping, FileState } from "./file-report.ts";
import type { Invitation, Problem } from "./invitation.ts";
import type { PrivacyRecord, PrivacyStanding } from "./privacy-standing.ts";
import type { SessionReport } from "./session-report.ts";

/** What this browser lacks. */
export type MissingFeature =
  "workers" | "indexed-db" | "web-locks" | "ed25519" | "web-assembly" | "secure-context";

/** What is known from the moment an invitation was read; every page of the road shows parts of it. */
export interface Road {
  readonly invitation: Invitation;
  /** Name of this device in the run; null: not chosen yet. */
  readonly client: string | null;
  readonly file: FileState;
  readonly device: DeviceState;
  /** Null: the run protects no examples, or no file is chosen. */
  readonly privacy: PrivacyStanding | null;
  readonly session: SessionReport;
}

/** Why training stands still. */
export type PausedBy = "holder" | "battery" | "mains-wanted";

/** Where the holder is on the road. `kind` decides which page is shown. */
export type Stage =
  /** The browser's store is being opened. */
  | { readonly kind: "opening" }
  | { readonly kind: "unsupported"; readonly missing: readonly MissingFeature[] }
  /** `storage-failed`; `data.reason`: `full`, `denied`, `blocked` or `unknown`, `data.neededBytes` where it is known. */
  | { readonly kind: "no-storage"; readonly problem: Problem }
  | { readonly kind: "no-invitation" }
  | { readonly kind: "reading-invitation"; readonly server: string; readonly run: RunId }
  | {
      readonly kind: "invitation-refused";
      readonly server: string;
      readonly run: RunId;
      readonly problem: Problem;
    }
  /** Step 1: what is this, what leaves, what is promised. */
  | ({ readonly kind: "invited" } & Road)
  /** Step 2: choose a file. */
  | ({ readonly kind: "file" } & Road)
  /** Step 3: check this device. */
  | ({ readonly kind: "device" } & Road)
  /** Step 3, all is well: training may be started. */
  | ({ readonly kind: "ready" } & Road)
  /** Step 4. The model is fetched, the connection made. */
  | ({ readonly kind: "starting" } & Road)
  | ({ readonly kind: "training" } & Road)
  | ({ readonly kind: "paused"; readonly by: PausedBy } & Road)
  /** Another tab of this browser takes part as the same client; the session shown is that tab's. */
  | ({ readonly kind: "elsewhere" } & Road)
  | ({ readonly kind: "left" } & Road)
  | ({
      readonly kind: "finished";
      readonly status: "completed" | "failed" | "stopped";
      readonly rounds: number;
    } & Road)
  /** The coordinator or this device's own privacy record has ended it for good; `problem.code` says which. */
  | ({ readonly kind: "refused"; readonly problem: Problem } & Road)
  /** It cannot go on here and now; `start` tries again. */
  | ({ readonly kind: "failed"; readonly problem: Problem } & Road);

/** One of the kinds of {@link Stage}. */
export type StageKind = Stage["kind"];

/** A run in which this browser takes, or took, part. */
export interface Membership {
  readonly server: string;
  readonly run: RunId;
  readonly title: string;
  readonly organiser: string | null;
  readonly stage: StageKind;
  readonly fileName: string | null;
  /** Milliseconds since 1970. */
  readonly joinedAt: number;
  readonly lastAt: number;
  readonly bytesUp: number;
  readonly roundsAccepted: number;
}

/** Everything that this browser keeps. */
export interface Keepings {
  readonly memberships: readonly Membership[];
  readonly records: readonly PrivacyRecord[];
  /** Of base models that were downloaded, and of copies of data files. */
  readonly modelBytes: number;
  readonly fileBytes: number;
  /** Numbers of this device's own, learned and never sent: its personal factors, of all runs. */
  readonly ownNumbers: number;
}

/** What pages show; replaced as a whole, parts that did not change stay the same objects. */
export interface ParticipantSnapshot {
  readonly stage: Stage;
  readonly settings: Settings;
  readonly power: Power;
  /** Null: not read yet, see {@link ParticipantActions.readKeepings}. */
  readonly keepings: Keepings | null;
  /** The last action that failed without changing the stage; null: none, or it was acknowledged. */
  readonly failure: { readonly action: ActionName; readonly problem: Problem } | null;
}

/** Bytes with a name, for a download. */
export interface NamedFile {
  readonly name: string;
  readonly mediaType: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** One label with how sure the model is, most likely first. */
export interface Guess {
  readonly label: string;
  /** 0 to 1. */
  readonly probability: number;
}

/** What a language model has written. */
export interface WrittenText {
  /** Without what it began with. */
  readonly text: string;
  /** Whether it had not come to its end. */
  readonly isCut: boolean;
}

/** What one wants deleted. */
export interface Deletion {
  /** The record of what runs learned about the files goes too: a later run would count from zero. */
  readonly privacyRecords: boolean;
}

/** What can be done. Each resolves when it is done; what fails rejects with a FedtuneError and is in `failure` too. */
export interface ParticipantActions {
  /**
   * Reads an invitation: a join link, or the address of a page of a run of which this browser knows already. The page
   * takes the token out of its own address first, see `takeLink`.
   */
  readonly openLink: (link: string) => Promise<void>;
  /** Goes on with a run of this browser, from {@link Keepings}. */
  readonly openMembership: (which: Pick<Membership, "server" | "run">) => Promise<void>;
  /** From step 1 to step 2. */
  readonly accept: () => Promise<void>;
  /** Forgets the invitation and all that was made for it. */
  readonly decline: () => Promise<void>;
  /** Reads a file to its end and keeps a copy of the used rows and columns in this browser. */
  readonly chooseFile: (file: File) => Promise<void>;
  /** Reads all pictures of a folder, and keeps a copy of those that are used in this browser. */
  readonly chooseFolder: (folder: ChosenFolder) => Promise<void>;
  readonly mapColumns: (mapping: ColumnMapping) => Promise<void>;
  /** The file's label to the run's; several at once. */
  readonly mapLabels: (labels: Readonly<Record<string, string>>) => Promise<void>;
  /** Rows with unknown labels. */
  readonly leaveOutRows: () => Promise<void>;
  /** Fetches the base model where that is needed, and measures; null: the best backend that works. */
  readonly checkDevice: (backend: BrowserBackend | null) => Promise<void>;
  /** Takes part from here on, or again after a failure. */
  readonly start: () => Promise<void>;
  /** Leaves the round politely and keeps everything. */
  readonly pause: () => Promise<void>;
  readonly resume: () => Promise<void>;
  /** Takes no part any more; the adapter stays until it is deleted. */
  readonly leave: () => Promise<void>;
  /** Takes over from another tab. */
  readonly takeOver: () => Promise<void>;
  readonly setEffort: (effort: Effort) => Promise<void>;
  readonly setOnlyOnMains: (only: boolean) => Promise<void>;
  readonly setKeepScreenOn: (keep: boolean) => Promise<void>;
  /** Before the start only. */
  readonly setBudget: (epsilon: number | null) => Promise<void>;
  /** What the model says about a text: this device's own adapter on the base model. */
  readonly tryText: (text: string, textPair?: string) => Promise<readonly Guess[]>;
  /** The same for a picture: PNG, JPEG or WebP. */
  readonly tryPicture: (picture: Blob) => Promise<readonly Guess[]>;
  /** What a language model writes on from a text: this device's own adapter on the base model. */
  readonly writeText: (text: string, temperature: number) => Promise<WrittenText>;
  /** PEFT's two files. */
  readonly downloadAdapter: () => Promise<readonly NamedFile[]>;
  /** Everything that was sent, as a table. */
  readonly downloadTransfers: () => Promise<NamedFile>;
  readonly readKeepings: () => Promise<Keepings>;
  /** Of every run and file of this browser; leaves the runs first. */
  readonly deleteEverything: (what: Deletion) => Promise<void>;
  /** Tries again to open the browser's store. */
  readonly checkStorage: () => Promise<void>;
  readonly acknowledge: () => Promise<void>;
}

/** Name of an action. */
export type ActionName = keyof ParticipantActions;

/** A data holder's part, for `useSyncExternalStore` and buttons. */
export interface Participant {
  snapshot(): ParticipantSnapshot;
  /** Calls at most ten times a second while training. */
  subscribe(changed: () => void): () => void;
  readonly actions: ParticipantActions;
  /** Stops without leaving; the next page load goes on. */
  close(): Promise<void>;
}

/** Codes that end a part for good; after all others it may be tried again. */
export const finalCodes: ReadonlySet<ErrorCode> = new Set([
  ...(["credential-revoked", "forbidden", "run-stopped", "run-failed"] as const),
  ...(["budget-exhausted", "config-conflict", "layout-mismatch"] as const),
]);
