/** Every state that a page may be in, by name, with the address it is shown at. */
import type {
  DeviceState,
  FileState,
  Invitation,
  ParticipantSnapshot,
  Problem,
  Road,
  Stage,
} from "../../participant/index.ts";
import {
  deviceFacts,
  fileFacts,
  freshRoad,
  invitation,
  keepings,
  nowMs,
  outcomes,
  promise,
  road,
  session,
  snapshotOf,
  transfers,
  updateBytes,
  work,
} from "./fixture.ts";
import { pictureFacts, pictureFile, pictureRoad } from "./picture-states.ts";

/** A snapshot and where it is shown. */
export interface PageState {
  readonly path: string;
  readonly snapshot: ParticipantSnapshot;
}

const start = `/join/${invitation.run}`;
const problem = (
  code: Problem["code"],
  data: Problem["data"] = {},
  retryable = false,
): Problem => ({
  ...{ code, message: code, data, retryable },
});

const at = (path: string, stage: Stage, change: Partial<ParticipantSnapshot> = {}): PageState => ({
  path,
  snapshot: snapshotOf(stage, change),
});

const explain = (privacy: Invitation["privacy"], on: Road = freshRoad): PageState =>
  at(start, { kind: "invited", ...on, invitation: { ...invitation, privacy } });

const file = (state: FileState): PageState =>
  at(`${start}/file`, { kind: "file", ...freshRoad, file: state });

const pictures = (state: FileState): PageState =>
  at(`${start}/file`, { kind: "file", ...pictureFile(state) });

const device = (state: DeviceState, change: Partial<Road> = {}): PageState =>
  at(`${start}/device`, {
    ...{ kind: state.kind === "fit" ? "ready" : "device", ...road, session: freshRoad.session },
    ...{ ...change, device: state },
  });

const train = (change: Partial<Road["session"]>): PageState =>
  at(`${start}/train`, { kind: "training", ...road, session: { ...session, ...change } });

const trainAs = (stage: Stage, change: Partial<ParticipantSnapshot> = {}): PageState =>
  at(`${start}/train`, stage, change);

/** A run that teaches a language model. */
const language: Invitation = {
  ...{ ...invitation, task: "causal-lm", labels: [], subject: "story", party: "library" },
  title: "Help train a model that tells bedtime stories",
};

const userLevel = { ...promise, mode: "user-level", unit: "user", rightOutOf100: 58 } as const;
const unknownLabels = {
  kind: "labels-unknown",
  rows: 14,
  labels: [
    { label: "Rezept", rows: 13, line: 212, nearest: null },
    { label: "Apointment", rows: 1, line: 977, nearest: "Appointment" },
  ],
} as const;
const fallback = {
  ...deviceFacts,
  ...({ backend: "wasm", threads: 4, stepsPerSecond: 0.18, roundSeconds: 330 } as const),
  passedOver: [{ backend: "webgpu", reason: "missing", message: "navigator.gpu is not there" }],
} as const;

/** The states. */
export const states: Readonly<Record<string, PageState>> = {
  enter: at("/join", { kind: "no-invitation" }),
  opening: at("/join", { kind: "opening" }),
  unsupported: at("/join", { kind: "unsupported", missing: ["ed25519", "web-locks"] }),
  "no-storage": at("/join", {
    kind: "no-storage",
    problem: problem("storage-failed", { reason: "full", neededBytes: 120e6 }, true),
  }),
  reading: at(start, {
    kind: "reading-invitation",
    server: invitation.server,
    run: invitation.run,
  }),
  refused: at(start, {
    ...{ kind: "invitation-refused", server: invitation.server, run: invitation.run },
    problem: problem("credential-expired"),
  }),
  "no-server": at(start, {
    ...{ kind: "invitation-refused", server: invitation.server, run: invitation.run },
    problem: problem("transport-closed", {}, true),
  }),

  explain: at(start, { kind: "ready", ...road }),
  "explain-new": explain(promise),
  "explain-server": explain({ ...userLevel, whoAddsNoise: "coordinator" }),
  "explain-shared": explain({ ...userLevel, whoAddsNoise: "clients" }),
  "explain-none": explain({ mode: "none" }),
  "explain-simulation": explain({ ...promise, isSeeded: true }),

  file: file({ kind: "none" }),
  "file-reading": file({ kind: "reading", name: fileFacts.name, bytes: 512e6, doneBytes: 131e6 }),
  "file-usable": file({ kind: "usable", facts: fileFacts }),
  "file-column": file({
    ...{ kind: "problem", name: fileFacts.name },
    facts: { ...fileFacts, mapping: null, labels: [] },
    problems: [
      {
        ...{ kind: "column-missing", role: "label", wanted: "label" },
        ...{ found: fileFacts.columns, suggestion: "category" },
      },
    ],
  }),
  "file-labels": file({
    ...{ kind: "problem", name: fileFacts.name, facts: fileFacts },
    problems: [unknownLabels, { kind: "too-few-rows", rows: 18, wanted: 100 }],
  }),
  "file-large": file({
    ...{ kind: "problem", name: "all-messages.csv", facts: null },
    problems: [{ kind: "too-large", bytes: 512e6, limitBytes: 380e6 }],
  }),
  "file-broken": file({
    ...{ kind: "problem", name: "messages.csv", facts: null },
    problems: [
      { kind: "unreadable", error: problem("data-invalid", { line: 7 }) },
      { kind: "format-unknown", name: "messages.xlsx", isFolder: false },
    ],
  }),

  "file-language": at(`${start}/file`, {
    ...{ kind: "file", ...freshRoad, invitation: language },
    file: {
      kind: "usable",
      facts: {
        ...{ ...fileFacts, name: "stories.csv", mapping: { completion: "story" }, labels: [] },
        columns: ["id", "story"],
        preview: {
          columns: ["id", "story"],
          rows: [
            ["1", "Once upon a time there was a girl who found a key in the snow."],
            ["2", "A fox and a crow shared a bench at the edge of the wood."],
            ["3", "Tom’s boat was made of paper, and it crossed the whole pond."],
          ],
        },
      },
    },
  }),

  "file-pictures": pictures({ kind: "none" }),
  "file-pictures-usable": pictures({ kind: "usable", facts: pictureFacts }),
  "file-pictures-problem": pictures({
    ...{ kind: "problem", name: pictureFacts.name, facts: pictureFacts },
    problems: [
      {
        ...({ kind: "pictures-broken", count: 8 } as const),
        pictures: ["Aphid/IMG_0007.jpg", "Aphid/notes.txt"].map((path) => ({
          ...({ path, reason: "content" } as const),
        })),
      },
      { ...unknownLabels, labels: [{ label: "Aphids", rows: 14, line: 1, nearest: "Aphid" }] },
    ],
  }),

  device: device({ kind: "none" }),
  "device-checking": device({
    ...{ kind: "checking", step: "download", doneBytes: 38e6, totalBytes: 90_868_376 },
  }),
  "device-fit": device({ kind: "fit", facts: deviceFacts }),
  "device-fallback": device({ kind: "fit", facts: fallback }),
  "device-none": device(
    { kind: "fit", facts: deviceFacts },
    { invitation: { ...invitation, privacy: { mode: "none" } }, privacy: null },
  ),
  "device-problem": device({ kind: "problem", problem: problem("backend-unavailable") }),

  train: train({}),
  "train-start": trainAs({ kind: "starting", ...road, session: freshRoad.session }),
  "train-first": train({
    ...{ rounds: [], transfers: [], bytesUp: 412, messageBytesUp: 412, accuracy: [] },
    ...{ secondsLeft: null, stepsPerSecond: null },
    work: {
      ...work,
      ...{ round: 1, learn: { ...work.learn, done: 3, secondsLeft: null } },
    },
  }),
  "train-waiting": train({ work: null }),
  "train-sending": train({
    work: { ...work, phase: "send", send: { bytes: updateBytes, startedAt: nowMs, seconds: null } },
  }),
  "train-paused": trainAs({ kind: "paused", by: "holder", ...road }),
  "train-battery": trainAs(
    { kind: "paused", by: "battery", ...road },
    { power: { source: "battery", charge: 0.19 } },
  ),
  "train-elsewhere": trainAs({ kind: "elsewhere", ...road }),
  "train-offline": train({ connection: { kind: "offline", since: nowMs - 60_000 } }),
  "train-notices": train({
    notices: [
      { kind: "backend-lost", at: nowMs, from: "webgpu", to: "wasm", round: 12, step: 37 },
      { kind: "clock-wrong", at: nowMs, offsetMs: -190_000 },
    ],
    rounds: outcomes.map((outcome) =>
      outcome.round === 10
        ? { ...outcome, result: "refused", code: "norm-exceeded" }
        : outcome.round === 8
          ? { ...outcome, result: "late", code: "late-update" }
          : outcome,
    ),
    transfers,
  }),
  "train-failed": trainAs({
    kind: "failed",
    problem: problem("training-failed", {}, true),
    ...road,
  }),
  "train-failure": trainAs(
    { kind: "training", ...road },
    { failure: { action: "setEffort", problem: problem("storage-failed", { neededBytes: 12e6 }) } },
  ),

  done: at(`${start}/done`, { kind: "finished", status: "completed", rounds: 40, ...road }),
  "done-pictures": at(`${start}/done`, {
    ...{ kind: "finished", status: "completed", rounds: 40, ...pictureRoad },
  }),
  "done-language": at(`${start}/done`, {
    ...{ kind: "finished", status: "completed", rounds: 40, ...road, invitation: language },
  }),
  "done-stopped": at(`${start}/done`, { kind: "finished", status: "stopped", rounds: 17, ...road }),
  "done-left": at(`${start}/done`, { kind: "left", ...road }),
  "done-nothing": at(`${start}/done`, { kind: "left", ...road, session: freshRoad.session }),
  "done-budget": at(`${start}/done`, {
    ...{ kind: "refused", ...road },
    problem: problem("budget-exhausted", { spent: 8, budget: 8 }),
  }),
  "done-revoked": at(`${start}/done`, {
    ...{ kind: "refused", ...road },
    problem: problem("credential-revoked"),
  }),

  mine: at("/join/mine", { kind: "training", ...road }),
  "mine-empty": at(
    "/join/mine",
    { kind: "no-invitation" },
    { keepings: { ...keepings, memberships: [], records: [] } },
  ),
};
