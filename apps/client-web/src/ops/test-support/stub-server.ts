/** A server of the pictures: the same runs on all pages, and answers that follow what is done. */
import type { OutputOf, Scope } from "@fedtune/api";
import { FedtuneError } from "@fedtune/core";
import type { Digest, RunId } from "@fedtune/core";
import type { RunSummary } from "../runs/run-state.ts";
import { anEstimate } from "./estimates.ts";
import { aRun } from "./runs.ts";
import { serverFacts } from "./server.ts";
import { day, events, id, operators, tokens } from "./stub-accounts.ts";
import type { StubHandlers } from "./stub-api.ts";
import { runs } from "./stub-runs.ts";

/** What a test may change of the server. */
export interface StubState {
  /** Null: nobody is signed in. */
  operator: string | null;
  isFirstStart: boolean;
  scopes: readonly Scope[];
  runs: readonly RunSummary[];
  /** Configs of runs that were made. */
  readonly created: unknown[];
}

/** A server with somebody signed in. */
export function stubState(changes: Partial<StubState> = {}): StubState {
  return {
    ...{ operator: "m-keller", isFirstStart: false, scopes: ["admin"], runs, created: [] },
    ...changes,
  };
}

const csrf = "token-of-the-session";

/** The password of everybody. */
export const password = "correct horse battery";
/** The code of the first start. */
export const setupCode = "fedtune-setup-code";

/** Answers in keeping with `state`, which tests may change while the server runs. */
export function stubHandlers(state: StubState): StubHandlers {
  return { ...sessionHandlers(state), ...runHandlers(state), ...accountHandlers() };
}

function signedIn(state: StubState): string {
  if (state.operator === null) throw new FedtuneError("unauthenticated", "nobody is signed in");
  return state.operator;
}

function sessionHandlers(state: StubState): StubHandlers {
  return {
    getSetup: () => ({ isNeeded: state.isFirstStart }),
    setUp: ({ body }) => {
      if (body.code !== setupCode) throw new FedtuneError("unauthenticated", "wrong code");
      state.isFirstStart = false;
    },
    signIn: ({ body }) => {
      if (body.password !== password) throw new FedtuneError("unauthenticated", "wrong password");
      state.operator = body.name;
      const operator = { id: id(1), name: body.name, role: "admin", disabledAt: null } as const;
      const times = { createdAt: day("02T08:00") };
      const scopes = [...state.scopes];
      return { operator: { ...operator, ...times }, scopes, csrf, expiresAt: day("21T14:00") };
    },
    signOut: () => {
      state.operator = null;
    },
    getMe: () => {
      const actor = `operator:${signedIn(state)}`;
      return { kind: "operator", actor, scopes: [...state.scopes], csrf };
    },
    changePassword: ({ body }) => {
      if (body.old !== password) throw new FedtuneError("unauthenticated", "wrong password");
    },
  };
}

function runHandlers(state: StubState): StubHandlers {
  return {
    getServer: () => serverFacts,
    listRuns: ({ query }) => {
      signedIn(state);
      const text = query.text?.toLowerCase() ?? "";
      const found = state.runs.filter(({ id: run, method, model }) =>
        [run, method, model].some((one) => one.toLowerCase().includes(text)),
      );
      return page(found);
    },
    estimateRun: ({ body }) => estimated(body.config),
    createRun: ({ body: { config } }) => {
      state.created.push(config);
      const { name } = config;
      return details(typeof name === "string" ? name : "run", config);
    },
    createEnrolmentToken: ({ body }) => ({
      ...{ id: id(30), client: body.client, maxUses: body.maxUses, uses: 0, revokedAt: null },
      ...{ createdAt: day("20T14:06"), expiresAt: day("27T14:06") },
      secret: "fte_hLbG5tJ8qVwYx2ZkR0sT",
    }),
  };
}

function accountHandlers(): StubHandlers {
  return {
    listOperators: () => page(operators),
    createOperator: ({ body: { name, role } }) => ({
      ...{ id: id(9), name, role, createdAt: day("20T14:06"), disabledAt: null },
    }),
    disableOperator: () => undefined,
    listTokens: () => page(tokens),
    createToken: ({ body: { name, scopes } }) => ({
      ...{ id: id(20), name, scopes, operator: "m-keller", createdAt: day("20T14:06") },
      ...{ expiresAt: null, revokedAt: null, lastUsedAt: null },
      secret: "ftk_0q3mW9vYcZ1xB7nL5sD2fG8hJ4kP6rT",
    }),
    revokeToken: () => undefined,
    listAuditEvents: ({ query: { before = events.length + 1, limit } }) => {
      const older = events.filter(({ sequence }) => sequence < before);
      const items = older.slice(0, limit);
      return { items, next: older.length > items.length ? (items.at(-1)?.sequence ?? null) : null };
    },
    verifyAudit: () => ({
      fault: null,
      head: { sequence: events.length, hash: events[0]?.hash ?? "" },
    }),
  };
}

function page<Item>(items: readonly Item[]) {
  return { items, total: items.length, next: null };
}

/** The server's word on a config: whether its noise is enough for the limit. */
function estimated({ privacy }: Readonly<Record<string, unknown>>): OutputOf<"estimateRun"> {
  const given: { readonly mode?: string; readonly noiseMultiplier?: number | null } = privacy ?? {};
  const noise = given.noiseMultiplier ?? 1.04;
  const estimate = anEstimate(noise);
  const { cost } = estimate;
  if ((given.mode ?? "none") === "none" || cost === null) {
    return { ...estimate, cost: cost === null ? null : { ...cost, epsilon: null } };
  }
  return estimate;
}

function details(name: string, config: Readonly<Record<string, unknown>>): OutputOf<"createRun"> {
  return {
    ...aRun(name, { committedRounds: 0 }),
    ...{ id: name as RunId, configHash: "ab".repeat(32) as Digest, config: { ...config } },
    ...{ presence: "shown", participants: [] },
  };
}
