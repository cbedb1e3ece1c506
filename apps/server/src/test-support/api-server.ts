/** A coordinator with the API on a port of its own: toy runs, accounts in memory, answers held against the table. */
import { createApiClient, apiBase, liveNamespace } from "@fedtune/api";
import type { ApiClient } from "@fedtune/api";
import { methods } from "@fedtune/aggregators";
import {
  adapterKinds,
  FedtuneError,
  memoryBlobs,
  memoryStore,
  prepareRun,
  resolveRun,
  runId,
} from "@fedtune/core";
import type { Blobs, Registries, ResolvedRun, Store } from "@fedtune/core";
import { privacyRules, userLevelPrivacy } from "@fedtune/dp";
import { nodeClock, nodeEntropy, nodeHash } from "@fedtune/node-ports";
import express from "express";
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { errorHandler } from "../edge.ts";
import { guard } from "../headers.ts";
import { storedRun } from "../http/run-history.ts";
import { createApi } from "../http/api.ts";
import { serverFacts } from "../http/handlers/server.ts";
import { announced } from "../http/invitation-announced.ts";
import { invitationService } from "../http/invitation.ts";
import type { InvitationService } from "../http/invitation.ts";
import { modelCatalogue } from "../http/model-files.ts";
import { estimated } from "../http/estimate.ts";
import { estimates } from "../http/estimates.ts";
import type { AskedModel, EstimateOptions } from "../http/estimates.ts";
import { serveLive } from "../http/live.ts";
import type { LiveOptions } from "../http/live.ts";
import { runService } from "../http/open-runs.ts";
import { runEvents } from "../http/run-events.ts";
import type { RunEventsOptions } from "../http/run-events.ts";
import type { RunService } from "../http/run-service.ts";
import { defaultLimits } from "../limits.ts";
import { closer, listen } from "../listen.ts";
import { serverLog } from "../log.ts";
import { blobRoutes } from "../routes/blobs.ts";
import { runRegistry } from "../run-registry.ts";
import type { RunRegistry, RunToServe } from "../run-registry.ts";
import { scopedClock } from "../scoped-clock.ts";
import { revocations } from "../security/revocations.ts";
import type { Revocations } from "../security/revocations.ts";
import { dataHeaders } from "../security/browser-policy.ts";
import type { Scope } from "@fedtune/api";
import { socketHub } from "../socket-server-transport.ts";
import type { Task } from "../workers/messages.ts";
import { memorySecurity } from "./memory-security.ts";
import type { MemorySecurity } from "./memory-security.ts";
import { layout, modules } from "./toy-run.ts";

const registries: Registries = { methods, kinds: adapterKinds, privacy: privacyRules };

export interface ApiServer {
  readonly url: string;
  /** Address of the API. */
  readonly api: string;
  readonly runs: RunService;
  readonly security: MemorySecurity;
  readonly invitations: InvitationService;
  readonly store: Store;
  readonly blobs: Blobs;
  /** What went wrong inside; empty unless a test wants it otherwise. */
  readonly failures: unknown[];
  /** Tells the server what admits no longer. */
  readonly revocations: Revocations;
  /** A client of somebody with these scopes; without any, of nobody. */
  client(...scopes: Scope[]): ApiClient;
  /** Ends all event streams, as a server that restarts does. */
  breakStreams(): void;
  close(): Promise<void>;
}

/** Starts it. */
export async function apiServer({
  store = memoryStore(() => Date.UTC(2026, 0, 2)),
  events: eventOptions = {},
  live: liveOptions = {},
}: {
  readonly store?: Store;
  readonly events?: Partial<RunEventsOptions>;
  readonly live?: Partial<Pick<LiveOptions, "maxConnections" | "maxBehindBytes">>;
} = {}): Promise<ApiServer> {
  const clock = scopedClock(nodeClock);
  const failures: unknown[] = [];
  const told = revocations();
  const log = {
    ...serverLog(null),
    failed: (_what: string, error: unknown) => void failures.push(error),
  };
  const http = createServer();
  const blobs = memoryBlobs();
  const ready = Promise.resolve();
  const hub = socketHub(http, {
    ...{ clock, entropy: nodeEntropy, limits: defaultLimits, log, hosts: null, ready },
  });
  const registry = runRegistry({ store, blobs, clock, hash: nodeHash, hub, log });
  const events = runEvents({ clock, newName: randomUUID, gatherMs: 5, ...eventOptions });
  const prepare = (document: unknown) => Promise.resolve(toyToServe(document));
  const runs = runService({
    ...{ registry, store, blobs, clock, events, prepare, ledgerRows: null },
    estimate: estimates({ registries, askModel: askToy, pool: hereAndNow }),
  });
  const security = memorySecurity();
  const live = serveLive({
    ...{ namespace: hub.of(liveNamespace), runs, clock, log, isTrusted: () => false },
    security: { ...security, limits: { takeAt: () => Promise.resolve() }, revocations: told },
    ...liveOptions,
  });
  const invitations = invitationsOf(security, { registry, store });
  const app = express();
  app.disable("etag");
  app.use(dataHeaders({ secure: false }), guard(null));
  app.use(
    apiBase,
    createApi({
      ...{
        runs,
        security,
        invitations,
        clock,
        facts: serverFacts("1.2.3", registries),
        checkAnswers: true,
      },
      authenticate: (request) => security.authenticate(request),
    }),
  );
  app.use("/runs", blobRoutes({ hub, hash: nodeHash }));
  app.use((_request, response) => {
    response.status(404).json({ code: "usage", message: "no such address", data: {} });
  });
  app.use(errorHandler(log));
  http.on("request", app);
  const close = closer(http, 1_000, async () => {
    events.close();
    live.close();
    await hub.close();
    clock.close();
  });
  const { url } = await listen(http, "127.0.0.1", 0);
  return {
    ...{
      url,
      api: url + apiBase,
      runs,
      security,
      invitations,
      store,
      blobs,
      failures,
      close,
      revocations: told,
    },
    client: (...scopes) => clientOf(url, scopes.length === 0 ? null : security.bearer(...scopes)),
    breakStreams: () => {
      events.close();
    },
  };
}

function invitationsOf(
  security: MemorySecurity,
  { registry, store }: { readonly registry: RunRegistry; readonly store: Store },
): InvitationService {
  return invitationService({
    enrolments: security,
    requests: { request: () => Promise.reject(new FedtuneError("signature-invalid", "no")) },
    setupOf: (run) => Promise.resolve(registry.get(run).coordinator.setup),
    async progressOf(run) {
      const { status, rounds: committed, joined } = await storedRun(store, run);
      return { status, committed, joined };
    },
    announce: (setup) => Promise.resolve(announced(setup)),
    models: modelCatalogue({ modelFolder: () => null }),
    isOpen: () => false,
    now: () => new Date(),
  });
}

/** A client with a bearer token, or without. */
export function clientOf(url: string, bearer: string | null): ApiClient {
  const headers: Record<string, string> =
    bearer === null ? {} : { authorization: `Bearer ${bearer}` };
  return createApiClient({ url, fetch, clock: nodeClock, hash: nodeHash, headers: () => headers });
}

/** The toy's model, whatever it is called. */
function askToy(model: string): Promise<AskedModel> {
  if (model !== "missing")
    return Promise.resolve({ bytes: 1_000, describe: () => ({ layout, modules, maxTokens: 16 }) });
  return Promise.reject(new FedtuneError("model-invalid", "Cannot open it"));
}

/** Estimates without a thread. */
const hereAndNow = {
  run: (task: Task) =>
    task.type === "estimate"
      ? Promise.resolve(estimated(task.task, registries, nodeHash))
      : Promise.reject(new RangeError("nothing else is done here")),
} as unknown as EstimateOptions["pool"];

function toyToServe(document: unknown): RunToServe {
  const resolved: ResolvedRun = resolveRun(document, registries, nodeHash);
  const setup = prepareRun(runId(resolved.config.name), resolved, {
    describe: () => ({ layout, modules }),
    hash: nodeHash,
  });
  return { setup, privacy: userLevelPrivacy(resolved.config, nodeEntropy) };
}
