/**
 * The sample run: all-MiniLM-L6-v2 with LoRA of rank 8 on query and value of its 6 layers. A and B are 12 x 384 x 8 = 36,864
 * numbers each, the head over 12 labels 12 x 385 = 4,620. fedsa-lora sends A: 4 x 36,864 + 96 = 147,552 bytes. Every other number
 * follows from these and from what the session did; a test adds them up.
 */
import type {
  DeviceFacts,
  FileFacts,
  Invitation,
  Keepings,
  ParticipantSnapshot,
  PrivacyStanding,
  Road,
  RoundOutcome,
  RoundWork,
  SessionReport,
  Stage,
  Transfer,
} from "../../participant/index.ts";

/** 21 Nov 2026, 14:02:36 UTC: 25 s into round 12. */
export const nowMs = Date.UTC(2026, 10, 21, 14, 2, 36);
/** How the fixture is looked at. */
export const scene = { timeZone: "UTC", nowMs } as const;

const at = (time: string): number => Date.parse(`2026-11-21T${time}Z`);

/** Bytes of an update: A in 32 bits, and the header. */
export const updateBytes = 4 * 36_864 + 96;

/** The 12 labels. */
export const labels = [
  ...["Appointment", "Billing", "Prescription", "Test result", "Referral", "Insurance"],
  ...["Symptoms", "Follow-up", "Vaccination", "Sick note", "Address change", "Other"],
];

/** A private run, noise on the device. */
export const promise = {
  mode: "record-level",
  epsilon: 3,
  delta: 1e-5,
  noiseMultiplier: 0.92,
  clipNorm: 1,
  accountant: "prv",
  accountantParameters: { mesh: 0.0001 },
  whoAddsNoise: "clients",
  trusted: "nobody but the data holder’s own device",
  unit: "example",
  relation: "add-or-remove-one",
  released: ["every update, to the coordinator", "every intermediate global model"],
  steps: 2320,
  samplingRate: 0.0193,
  isSeeded: false,
  warnings: [],
  rightOutOf100: 65,
  rightBy: "curve",
} as const satisfies Invitation["privacy"];

/** The invitation to the sample run. */
export const invitation: Invitation = {
  server: "https://fed.example.org",
  run: "message-triage" as Invitation["run"],
  title: "Help train a model that sorts patient messages",
  description: null,
  organiser: "Example University Hospital",
  organiserContact: "triage@example.org",
  subject: "message",
  party: "clinic",
  task: "sequence-classification",
  labels,
  dataColumns: { text: "text", textPair: null, label: "category" },
  minimumExamples: 100,
  model: { name: "all-MiniLM-L6-v2", files: [], bytes: 90_868_376 },
  method: {
    name: "fedsa-lora",
    title: "FedSA-LoRA",
    summary: "Only A is shared; every party keeps a B of its own.",
  },
  adapter: { kind: "lora", rank: 8, loraAlpha: 16, targetModules: ["query", "value"] },
  training: {
    ...{ localEpochs: 1, maxSteps: null, batchSize: 32, microBatchSize: null },
    ...{ learningRate: 0.001, maxLength: 128, maxGradNorm: null },
    optimizer: { name: "adamw", beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 },
  },
  numbers: { leaves: 36_864, stays: 36_864 + 4_620, comes: 36_864 },
  bytes: { upPerRound: updateBytes, downPerRound: updateBytes, model: 90_868_376 },
  rounds: { total: 40, committed: 0 },
  participants: { joined: 31, wanted: 12 },
  privacy: promise,
  presence: "shown",
  status: "running",
  invitation: { expiresAt: "2026-11-30T22:59:00Z", usesLeft: null },
  protocol: 1,
  now: "2026-11-21T14:02:36Z",
};

/** The file of a clinic. */
export const fileFacts: FileFacts = {
  name: "messages-2026.csv",
  bytes: 611_204,
  sha256: "5b0e4c1f9a7d2e6634c8a1bb90d7f25e8c3a6b914f7de0025a9c1e7d63b8f042",
  format: "csv",
  columns: ["id", "text", "category"],
  preview: {
    columns: ["id", "text", "category"],
    rows: [
      ["1", "Can I move my visit on Tuesday to the afternoon?", "Appointment"],
      ["2", "I have paid the bill of March twice, please look into it.", "Billing"],
      ["3", "The tablets run out on Friday. Could you write a new slip?", "Prescription"],
      ["4", "Are the blood results there yet?", "Test result"],
      ["5", "We have moved. The new address is below.", "Address change"],
    ],
  },
  mapping: { text: "text", label: "category" },
  rows: 1842,
  usedRows: 1842,
  labels: [412, 256, 301, 178, 96, 88, 143, 121, 64, 52, 47, 84].map((rows, index) => ({
    label: labels[index] ?? "",
    rows,
  })),
  mappedLabels: {},
  leavesOutUnknown: false,
};

/** A laptop with a graphics card: 58 steps a round at 1.5 steps a second. */
export const deviceFacts: DeviceFacts = {
  backend: "webgpu",
  card: null,
  threads: 1,
  stepsPerSecond: 1.5,
  memory: { neededBytes: 612_000_000, limitBytes: 3_800_000_000 },
  roundSeconds: 58 / 1.5,
  passedOver: [],
  browser: "Chrome 156",
};

/** 1.2 by earlier runs of the file, 1.53 by this one, 3 when it is complete, of 8. */
export const standing: PrivacyStanding = {
  delta: 1e-5,
  budget: 8,
  spent: 2.73,
  spentElsewhere: 1.2,
  spentHere: 1.53,
  plannedHere: 3,
  projected: 4.2,
  roundsLeft: null,
  isExhausted: false,
  guarantee:
    "Differential privacy: record-level, epsilon 1.53 spent, 3 when the run is complete, at delta 0.00001\n  accountant: prv, mesh 0.0001",
};

const times = [
  ...["13:22:10", "13:26:01", "13:29:48", "13:33:30", "13:36:52", "13:40:31"],
  ...["13:43:55", "13:47:25", "13:55:02", "13:58:40", "14:02:11"],
];
const missedRound = 9;
const notAsked = [3, 6];

/** Rounds 1 to 11: 8 accepted, 1 missed, 2 not asked. */
export const outcomes: readonly RoundOutcome[] = times.map((time, index) => {
  const round = index + 1;
  const base = { round, code: null, message: null, at: at(time) };
  if (round === missedRound)
    return { ...base, result: "missed", because: "asleep", bytes: 0 } as const;
  if (notAsked.includes(round))
    return { ...base, result: "not-asked", because: null, bytes: 0 } as const;
  return { ...base, result: "accepted", because: null, bytes: updateBytes } as const;
});

/** One transfer each way per accepted round, and the model before. */
export const transfers: readonly Transfer[] = [
  {
    ...({ at: at("13:17:30"), direction: "down", what: "model", round: null } as const),
    ...{ bytes: 90_868_376, seconds: 14.2, isComplete: true },
  },
  ...outcomes
    .filter(({ result }) => result === "accepted")
    .flatMap(({ round, at: end }) => [
      {
        ...({ at: end - 40_000, direction: "down", what: "joint-result", round } as const),
        ...{ bytes: updateBytes, seconds: 0.4, isComplete: true },
      },
      {
        ...({ at: end, direction: "up", what: "update", round } as const),
        ...{ bytes: updateBytes, seconds: 0.6, isComplete: true },
      },
    ]),
  {
    ...({ at: nowMs - 25_000, direction: "down", what: "joint-result", round: 12 } as const),
    ...{ bytes: updateBytes, seconds: 0.4, isComplete: true },
  },
];

const percents = [68.4, 71.2, 72.8, 74.5, 75.5, 76.6, 78.3, 78.8, 80.4, null, 81.5, 82.6];

/** Round 12, step 37 of 58. */
export const work: RoundWork = {
  round: 12,
  attempt: 1,
  phase: "learn",
  startedAt: nowMs - 25_000,
  closesAt: nowMs + 190_000,
  receive: { bytes: updateBytes, seconds: 0.4 },
  learn: {
    ...{ done: 37, total: 58, loss: 0.61 },
    ...{ startedAt: nowMs - 24_600, seconds: 37 / 1.5, secondsLeft: 21 / 1.5 },
  },
  addsNoise: true,
  send: { bytes: null, startedAt: null, seconds: null },
};

/** Greetings, receipts and device facts. */
const messageBytesUp = 1012;

/** The session in round 12. */
export const session: SessionReport = {
  connection: { kind: "live", since: at("13:18:00") },
  clockOffsetMs: 120,
  work,
  rounds: outcomes,
  totalRounds: 40,
  transfers,
  bytesUp: 8 * updateBytes + messageBytesUp,
  bytesDown: 90_868_376 + 9 * updateBytes,
  messageBytesUp,
  accuracy: percents.flatMap((percent, round) =>
    percent === null ? [] : [{ round, accuracy: percent / 100, loss: null, examples: 184 }],
  ),
  stepsPerSecond: 1.5,
  secondsLeft: 29 * 228,
  notices: [],
};

/** Before anything has happened. */
const freshSession: SessionReport = {
  ...session,
  ...{ connection: { kind: "none" }, work: null, rounds: [], transfers: [] },
  ...{ bytesUp: 0, bytesDown: 0, messageBytesUp: 0, accuracy: [] },
  ...{ stepsPerSecond: null, secondsLeft: null },
};

/** The road in round 12. */
export const road: Road = {
  invitation,
  client: "clinic-basel-03",
  file: { kind: "usable", facts: fileFacts },
  device: { kind: "fit", facts: deviceFacts },
  privacy: standing,
  session,
};

/** The road when the invitation was just opened. */
export const freshRoad: Road = {
  ...road,
  ...{ client: null, file: { kind: "none" }, device: { kind: "none" }, privacy: null },
  session: freshSession,
};

/** What this browser keeps. */
export const keepings: Keepings = {
  memberships: [
    {
      server: "https://fed.example.org",
      run: invitation.run,
      title: "Help train a model that sorts patient messages",
      organiser: "Example University Hospital",
      stage: "training",
      fileName: "messages-2026.csv",
      joinedAt: at("13:18:00"),
      lastAt: nowMs,
      bytesUp: session.bytesUp,
      roundsAccepted: 8,
    },
    {
      server: "https://learn.example.net",
      run: "letters-spring" as Invitation["run"],
      title: "Sort letters by urgency",
      organiser: "Example Health Network",
      stage: "finished",
      fileName: "messages-2026.csv",
      joinedAt: Date.UTC(2026, 4, 4, 9),
      lastAt: Date.UTC(2026, 4, 6, 18),
      bytesUp: 30 * updateBytes + 900,
      roundsAccepted: 30,
    },
  ],
  records: [
    {
      dataset: fileFacts.sha256,
      fileName: "messages-2026.csv",
      delta: 1e-5,
      spent: 2.73,
      rows: 38,
      runs: ["letters-spring", invitation.run],
    },
  ],
  modelBytes: 90_868_376,
  fileBytes: 598_310,
  ownNumbers: 2 * (36_864 + 4_620),
};

/** A snapshot at a stage; settings as most people leave them. */
export function snapshotOf(
  stage: Stage,
  change: Partial<ParticipantSnapshot> = {},
): ParticipantSnapshot {
  return {
    stage,
    settings: {
      effort: "normal",
      onlyOnMains: true,
      keepScreenOn: false,
      backend: null,
      budgetEpsilon: 8,
    },
    power: { source: "mains", charge: 0.82 },
    keepings,
    failure: null,
    ...change,
  };
}
