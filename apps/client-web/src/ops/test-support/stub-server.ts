/** A server of the pictures: the same run in all pages, its numbers in keeping with each other. */
import type { OutputOf, Scope } from "@fedtune/api";
import { FedtuneError } from "@fedtune/core";
import type { Digest, RunId } from "@fedtune/core";
import type { RunSummary } from "../runs/run-state.ts";
import { anEstimate } from "./estimates.ts";
import { aRun } from "./runs.ts";
import { serverFacts } from "./server.ts";
import type { StubHandlers } from "./stub-api.ts";

const dense = 313_488;

/** Accuracy over rounds as it rises: fast, then slowly. */
function rising(rounds: number, from: number, to: number): [number, number][] {
  return Array.from({ length: rounds }, (_, at) => {
    const share = 1 - Math.exp(-(at + 1) / 9);
    const ripple = 0.006 * Math.sin(2.4 * (at + 1));
    return [at + 1, from + (to - from) * share + ripple];
  });
}

function learning(rounds: number, to: number): Pick<RunSummary["figures"], "best" | "spark"> {
  const spark = rising(rounds, 0.34, to);
  const [round, value] = spark.reduce((best, one) => (one[1] > best[1] ? one : best));
  return { best: { metric: "accuracy", round, value }, spark };
}

const epsilon = (spent: number, planned: number, limit: number | null) => ({
  epsilon: { spent, planned, limit, delta: 1e-5 },
});

/** The runs of the list. */
export const runs: readonly RunSummary[] = [
  aRun("message-triage", {
    committedRounds: 26,
    state: { round: 27, present: 31 },
    figures: {
      ...learning(26, 0.85),
      ...{ bytesUp: 432 * 147_552, joined: 38 },
      ...epsilon(2.31, 2.75, 3),
    },
  }),
  aRun("ward-notes", {
    method: "ffa-lora",
    createdAt: "2026-11-20T09:02:00Z",
    state: { phase: "waiting", round: 0, present: 9 },
    committedRounds: 0,
    figures: { joined: 9, bytesUp: 0, ...epsilon(0, 2.91, 3) },
  }),
  aRun("referral-letters", {
    method: "fedsvd",
    createdAt: "2026-11-19T13:20:00Z",
    committedRounds: 11,
    state: { round: 12, attempt: 2, present: 14 },
    figures: {
      ...learning(11, 0.74),
      bytesUp: 154 * 166_032,
      joined: 22,
      ...epsilon(1.42, 2.6, 3),
    },
  }),
  aRun("household-demo", {
    ...{ method: "fedavg", model: "fedtune-mini", status: "completed", numRounds: 10 },
    ...{ committedRounds: 10, createdAt: "2026-11-18T16:41:00Z", endedAt: "2026-11-18T17:05:00Z" },
    figures: { ...learning(10, 0.91), bytesUp: 40 * dense, joined: 4 },
  }),
  aRun("triage-small-noise", {
    ...{ status: "stopped", committedRounds: 7, createdAt: "2026-11-17T08:12:00Z" },
    endedAt: "2026-11-17T09:40:00Z",
    figures: { ...learning(7, 0.7), bytesUp: 112 * 147_552, joined: 31, ...epsilon(2.93, 5.93, 3) },
  }),
  aRun("lab-results", {
    ...{ method: "lora-fair", status: "failed", committedRounds: 3 },
    ...{ createdAt: "2026-11-16T11:30:00Z", endedAt: "2026-11-16T14:02:00Z" },
    state: {
      phase: "failed",
      failure: { code: "quorum-missed", message: "9 of 12 updates in 3 attempts" },
    },
    figures: { ...learning(3, 0.6), bytesUp: 31 * dense, joined: 12 },
  }),
];

/** What a test may change of the server. */
export interface StubState {
  /** Null: nobody is signed in. */
  operator: string | null;
  isFirstStart: boolean;
  scopes: readonly Scope[];
  runs: readonly RunSummary[];
  readonly created: unknown[];
  /** How often something was asked. */
  readonly asked: Map<string, number>;
}

/** A server with somebody signed in. */
export function stubState(changes: Partial<StubState> = {}): StubState {
  return {
    ...{ operator: "m-keller", isFirstStart: false, scopes: ["admin"], runs },
    ...{ created: [], asked: new Map(), ...changes },
  };
}

const csrf = "token-of-the-session";
const day = (at: string): string => `2026-11-${at}:00Z`;

const id = (last: number): string =>
  `7f3b4f0e-7f3b-4f0e-8f3b-7f3b4f0e${String(last).padStart(4, "0")}`;

const operators: OutputOf<"listOperators">["items"] = [
  { id: id(1), name: "m-keller", role: "admin", createdAt: day("02T08:00"), disabledAt: null },
  { id: id(2), name: "s-rossi", role: "operator", createdAt: day("04T09:30"), disabledAt: null },
  { id: id(3), name: "board", role: "viewer", createdAt: day("09T12:00"), disabledAt: null },
  {
    id: id(4),
    name: "intern",
    role: "viewer",
    createdAt: day("03T07:10"),
    disabledAt: day("14T18:00"),
  },
];

const tokens: OutputOf<"listTokens">["items"] = [
  {
    ...{ id: id(11), name: "this machine", scopes: ["admin"], operator: null, revokedAt: null },
    ...{ createdAt: day("02T08:00"), expiresAt: null, lastUsedAt: day("20T13:58") },
  },
  {
    ...{ id: id(12), name: "grafana", scopes: ["metrics:read"], operator: "m-keller" },
    ...{ createdAt: day("05T10:00"), expiresAt: "2027-11-05T10:00:00Z", revokedAt: null },
    lastUsedAt: day("20T14:06"),
  },
  {
    ...{ id: id(13), name: "nightly evaluation", scopes: ["runs:read", "adapters:read"] },
    ...{ operator: "s-rossi", createdAt: day("06T10:00"), expiresAt: day("16T10:00") },
    ...{ revokedAt: null, lastUsedAt: day("15T02:00") },
  },
];

const hashOf = (n: number): string =>
  Array.from({ length: 8 }, (_, at) =>
    ((n * 2654435761 + at * 40503) >>> 0).toString(16).padStart(8, "0"),
  ).join("");

const deeds: readonly (readonly [
  actor: string,
  action: string,
  subject: string,
  data: Record<string, string | number | null>,
])[] = [
  ["operator:m-keller", "signIn", "m-keller", { address: "10.0.4.17" }],
  ["operator:m-keller", "createRun", "message-triage", { start: "true" }],
  ["operator:m-keller", "createEnrolmentToken", "message-triage", { maxUses: 40, client: null }],
  ["operator:s-rossi", "signIn", "s-rossi", { address: "10.0.4.22" }],
  ["operator:s-rossi", "pauseRun", "referral-letters", {}],
  ["operator:s-rossi", "resumeRun", "referral-letters", {}],
  ["token:grafana", "createToken", "grafana", { scopes: "metrics:read" }],
];

const events: OutputOf<"listAuditEvents">["items"] = Array.from({ length: 412 }, (_, at) => {
  const sequence = 412 - at;
  const [actor, action, subject, data] = deeds[sequence % deeds.length] ?? ["", "", "", {}];
  const instant = new Date(Date.UTC(2026, 10, 20, 14, 6) - at * 1_237_000).toISOString();
  return {
    sequence,
    at: instant,
    actor,
    action,
    subject,
    data,
    previous: hashOf(sequence - 1),
    hash: hashOf(sequence),
  };
});

function page<Item>(items: readonly Item[]) {
  return { items, total: items.length, next: null };
}

/** Answers of the server, in keeping with `state`, which tests may change while it runs. */
export function stubHandlers(state: StubState): StubHandlers {
  const count = (what: string): void =>
    void state.asked.set(what, (state.asked.get(what) ?? 0) + 1);
  return {
    getSetup: () => ({ isNeeded: state.isFirstStart }),
    setUp: ({ body }) => {
      if (body.code !== "the-code") throw new FedtuneError("unauthenticated", "wrong code");
      state.isFirstStart = false;
    },
    signIn: ({ body }) => {
      if (body.password !== "correct horse battery")
        throw new FedtuneError("unauthenticated", "no");
      state.operator = body.name;
      const operator = operators.find(({ name }) => name === body.name) ?? operators[0]!;
      return { operator, scopes: [...state.scopes], csrf, expiresAt: day("21T14:00") };
    },
    signOut: () => {
      state.operator = null;
    },
    getMe: () => {
      if (state.operator === null) throw new FedtuneError("unauthenticated", "who?");
      return {
        kind: "operator",
        actor: `operator:${state.operator}`,
        scopes: [...state.scopes],
        csrf,
      };
    },
    getServer: () => serverFacts,
    listRuns: ({ query }) => {
      if (state.operator === null) throw new FedtuneError("unauthenticated", "who?");
      const text = query.text?.toLowerCase() ?? "";
      const found = state.runs.filter(({ id: run, method, model }) =>
        [run, method, model].some((one) => one.toLowerCase().includes(text)),
      );
      return page(found);
    },
    estimateRun: ({ body }) => {
      count("estimate");
      return estimated(body.config);
    },
    createRun: ({ body }) => {
      state.created.push(body.config);
      return details(String(body.config["name"] ?? "run"), body.config);
    },
    createEnrolmentToken: ({ body }) => ({
      ...{ id: id(30), client: body.client, maxUses: body.maxUses, uses: 0, revokedAt: null },
      ...{
        createdAt: day("20T14:06"),
        expiresAt: day("27T14:06"),
        secret: "fte_hLbG5tJ8qVwYx2ZkR0sT",
      },
    }),
    listOperators: () => page(operators),
    createOperator: ({ body }) => ({
      ...{
        id: id(9),
        name: body.name,
        role: body.role,
        createdAt: day("20T14:06"),
        disabledAt: null,
      },
    }),
    disableOperator: () => undefined,
    listTokens: () => page(tokens),
    createToken: ({ body }) => ({
      ...{ ...tokens[1]!, id: id(20), name: body.name, scopes: body.scopes },
      secret: "ftk_0q3mW9vYcZ1xB7nL5sD2fG8hJ4kP6rT",
    }),
    revokeToken: () => undefined,
    changePassword: ({ body }) => {
      if (body.old !== "correct horse battery") throw new FedtuneError("unauthenticated", "no");
    },
    listAuditEvents: ({ query }) => {
      const before = Number(query.before ?? events.length + 1);
      const items = events
        .filter(({ sequence }) => sequence < before)
        .slice(0, Number(query.limit));
      const last = items.at(-1)?.sequence ?? 1;
      return { items, next: last > 1 ? last : null };
    },
    verifyAudit: () => ({ fault: null, head: { sequence: events.length, hash: events[0]!.hash } }),
  };
}

/** The server's word on a config: too little noise for the limit, and labels that are missing. */
function estimated(config: Readonly<Record<string, unknown>>): OutputOf<"estimateRun"> {
  const privacy = {
    mode: "none",
    noiseMultiplier: null as number | null,
    ...(config["privacy"] as object | undefined),
  };
  const noise = privacy.noiseMultiplier ?? 1.04;
  const estimate = anEstimate(noise);
  if (privacy.mode === "none") {
    return {
      ...estimate,
      cost: estimate.cost === null ? null : { ...estimate.cost, epsilon: null },
    };
  }
  if (noise >= 1.04) return estimate;
  const path = "privacy.noiseMultiplier";
  const message = `40 rounds at ${noise} would spend epsilon 5.93; the limit is 3.00. Use at least 1.04, or stop after round 7`;
  const fix = { label: "Set 1.04", path, value: 1.04, removes: null };
  return { ...estimate, problems: [{ path, message, value: noise, wanted: "at least 1.04", fix }] };
}

function details(name: string, config: Readonly<Record<string, unknown>>): OutputOf<"createRun"> {
  const { id: _, ...run } = aRun(name, { committedRounds: 0 });
  return {
    ...run,
    ...{ id: name as RunId, configHash: "ab".repeat(32) as Digest, config: { ...config } },
    ...{ presence: "shown", participants: [] },
  };
}
