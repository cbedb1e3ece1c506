/** What somebody meets who joins a run of this process: the invitation, and the files of the base model. */
import { signatureHeaders } from "@fedtune/core";
import type { RunId, RunSetup, Store } from "@fedtune/core";
import type { Request } from "express";
import { storedHistory, storedRun } from "./http/run-history.ts";
import { configOf } from "./http/run-view.ts";
import { announcing } from "./http/invitation-announced.ts";
import { invitationService } from "./http/invitation.ts";
import type { InvitationService } from "./http/invitation.ts";
import { modelCatalogue, modelFileRoutes } from "./http/model-files.ts";
import type { ModelFolders, ModelReader } from "./http/model-files.ts";
import type { RunRegistry, RunToServe } from "./run-registry.ts";
import { clientAddress } from "./security/client-address.ts";
import type { IsTrusted } from "./security/client-address.ts";
import { requireScope } from "./security/principal.ts";
import type { Principal } from "./security/principal.ts";
import type { Security } from "./security/security.ts";
import { holdToOwn } from "./security/verify-request.ts";
import type { ThreadPool } from "./workers/thread-pool.ts";

/** What joining stands on. */
export interface JoiningOptions extends ModelFolders {
  readonly runs: Pick<RunRegistry, "all">;
  readonly store: Store;
  readonly prepare: (config: Readonly<Record<string, unknown>>) => Promise<RunToServe>;
  readonly security: Pick<Security, "enrolments" | "requests" | "limits">;
  readonly authenticate: (request: Request) => Promise<Principal | null>;
  readonly isTrusted: IsTrusted;
  readonly isOpen: boolean;
  readonly pool: Pick<ThreadPool, "run">;
}

/** Runs that other processes play, or that have ended, and that are kept in mind as they were prepared. */
const KEPT_SETUPS = 32;

/** Makes the service of the API and the routes of the data plane. */
export function joining(options: JoiningOptions): {
  readonly invitations: InvitationService;
  readonly modelFiles: ReturnType<typeof modelFileRoutes>;
} {
  const { store, security, isOpen } = options;
  const catalogue = modelCatalogue(options);
  const setupOf = setups(options);
  const invitations = invitationService({
    ...{ enrolments: security.enrolments, requests: security.requests },
    ...{ models: catalogue, setupOf, announce: announcing(options.pool) },
    ...{ isOpen: () => isOpen, now: () => new Date() },
    async progressOf(run) {
      const { status, rounds: committed, joined } = await storedRun(store, run);
      return { status, committed, joined };
    },
  });
  const modelOf = async (run: RunId): Promise<string> => (await setupOf(run)).resolved.config.model;
  const admit = readers(options);
  return { invitations, modelFiles: modelFileRoutes({ catalogue, modelOf, admit }) };
}

/** A run's setup: of its coordinator here, or prepared anew from what the database has. */
function setups({ runs, store, prepare }: JoiningOptions): (run: RunId) => Promise<RunSetup> {
  const kept = new Map<string, Promise<RunSetup>>();
  return async (run) => {
    const open = runs.all().find(({ coordinator }) => coordinator.setup.id === run);
    if (open !== undefined) return open.coordinator.setup;
    const { configHash } = await storedRun(store, run);
    const known = kept.get(configHash);
    if (known !== undefined) return known;
    const preparing = storedHistory(store, run)
      .then((history) => prepare({ ...configOf(history) }))
      .then(({ setup }) => setup);
    preparing.catch(() => kept.delete(configHash));
    if (kept.size >= KEPT_SETUPS) for (const [oldest] of [...kept].slice(0, 1)) kept.delete(oldest);
    kept.set(configHash, preparing);
    return preparing;
  };
}

/** Clients by their signature, operators and programs by scope, anybody where runs are open. */
function readers({ security, authenticate, isTrusted, isOpen }: JoiningOptions) {
  const { requests, limits } = security;
  return async (request: Request, run: RunId): Promise<ModelReader> => {
    const { method, originalUrl: path, headers } = request;
    if (isOpen) {
      const address = clientAddress(request, isTrusted);
      return { count: (bytes) => limits.takeAt("modelBytes", address, bytes) };
    }
    if (headers[signatureHeaders.signature] !== undefined) {
      const signed = await requests.request({ method, path, headers });
      holdToOwn(signed, { run });
      return { count: (bytes) => limits.take("modelBytes", `${run}/${signed.client}`, bytes) };
    }
    const { actor } = requireScope(await authenticate(request), "adapters:read");
    return { count: (bytes) => limits.take("modelBytes", actor, bytes) };
  };
}
