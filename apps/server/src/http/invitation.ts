/** What somebody who is invited may know of a run, before anything is downloaded or sent. */
import { apiBase } from "@fedtune/api";
import type { OutputOf } from "@fedtune/api";
import { FedtuneError, isFedtuneError, protocolVersion, signatureHeaders } from "@fedtune/core";
import type { RunConfig, RunId, RunSetup, RunStatus } from "@fedtune/core";
import type { IncomingHttpHeaders } from "node:http";
import type { EnrolmentToken, Enrolments } from "../security/enrolment.ts";
import { holdToOwn } from "../security/verify-request.ts";
import type { RequestVerifier } from "../security/verify-request.ts";
import type { Announced } from "./invitation-announced.ts";
import type { BaseModelView, ModelCatalogue } from "./model-files.ts";
import { hidesPresence } from "./public-history.ts";
import { titleOf } from "./titles.ts";

/** An invitation as it is answered. */
export type Invitation = OutputOf<"openInvitation">;

/** How far a run is. */
export interface RunProgress {
  readonly status: RunStatus;
  readonly committed: number;
  /** Clients that have ever joined. */
  readonly joined: number;
}

/** What invitations stand on. */
export interface InvitationOptions {
  readonly enrolments: Pick<Enrolments, "look">;
  readonly requests: Pick<RequestVerifier, "request">;
  /** A run as it was prepared, whoever plays it. @throws FedtuneError `run-unknown` */
  readonly setupOf: (run: RunId) => Promise<RunSetup>;
  /** @throws FedtuneError `run-unknown` */
  readonly progressOf: (run: RunId) => Promise<RunProgress>;
  /** What a run announces; found out once. */
  readonly announce: (setup: RunSetup) => Promise<Announced>;
  readonly models: ModelCatalogue;
  /** Whether a run takes clients without a token. */
  readonly isOpen: (run: RunId) => boolean;
  readonly now: () => Date;
}

/** Who asks, and by which right. */
export interface InvitationRequest {
  readonly token: string | null;
  /** A client of the run signs the request in the place of showing a token. */
  readonly headers: IncomingHttpHeaders;
}

/** Invitations to the runs of a process. */
export interface InvitationService {
  /**
   * Opens one; a token keeps its uses.
   *
   * @throws FedtuneError as an enrolment with this token would: `unauthenticated`, `forbidden`, `credential-expired` and
   * `credential-revoked`, whose data name the organiser; as a signed request; `run-unknown` to those who are let in
   */
  open(run: RunId, request: InvitationRequest): Promise<Invitation>;
  /** The base model of a run. @throws FedtuneError `run-unknown` */
  model(run: RunId): Promise<BaseModelView>;
}

/** Makes the service. */
export function invitationService(options: InvitationOptions): InvitationService {
  const { setupOf, progressOf, announce, models } = options;
  return {
    async open(run, request) {
      const token = await admitted(options, run, request);
      const [setup, progress] = [await setupOf(run), await progressOf(run)];
      const model = await models.list(setup.resolved.config.model);
      const told = described(setup, { model, ...progress, ...(await announce(setup)) });
      return { ...told, invitation: termsOf(token), now: options.now().toISOString() };
    },
    model: async (run) => models.list((await setupOf(run)).resolved.config.model),
  };
}

/** The token that lets somebody in; null where none is needed. */
async function admitted(
  options: InvitationOptions,
  run: RunId,
  { token, headers }: InvitationRequest,
): Promise<EnrolmentToken | null> {
  const { enrolments, requests, isOpen } = options;
  if (headers[signatureHeaders.signature] !== undefined && !isOpen(run)) {
    const path = `${apiBase}/runs/${run}/invitation`;
    holdToOwn(await requests.request({ method: "POST", path, headers }), { run });
    return null;
  }
  if (token === null && isOpen(run)) return null;
  try {
    return await enrolments.look(run, token);
  } catch (error) {
    throw await withOrganiser(options, run, error);
  }
}

/** Who has held a token of the run may know whom to ask for another. */
async function withOrganiser(
  { setupOf }: InvitationOptions,
  run: RunId,
  error: unknown,
): Promise<unknown> {
  const codes: readonly unknown[] = ["credential-expired", "credential-revoked"];
  if (!isFedtuneError(error) || !codes.includes(error.code)) return error;
  const { organiser = null, contact = null } = (await setupOf(run)).resolved.config.about ?? {};
  const data = { ...error.data, organiser, organiserContact: contact };
  return new FedtuneError(error.code, error.message, { data, cause: error });
}

function termsOf(token: EnrolmentToken | null): Invitation["invitation"] {
  if (token === null) return null;
  const { expiresAt, maxUses, uses, client } = token;
  return {
    expiresAt: expiresAt.toISOString(),
    usesLeft: maxUses === null ? null : Math.max(0, maxUses - uses),
    ...(client === null ? {} : { client }),
  };
}

interface Around extends RunProgress, Announced {
  readonly model: BaseModelView;
}

function described(
  setup: RunSetup,
  { model, status, committed, joined, bytes, numbers, privacy }: Around,
): Omit<Invitation, "invitation" | "now"> {
  const { config, method } = setup.resolved;
  const { kind, rank, loraAlpha, targetModules } = config.adapter;
  const isHidden = hidesPresence(config);
  return {
    run: setup.id,
    ...wordsOf(setup.id, config),
    task: config.task.kind,
    labels: [...config.task.labels],
    minimumExamples: leastExamples(config),
    model,
    method: { name: method.name, title: titleOf(method.name), summary: method.summary },
    adapter: { kind, rank, loraAlpha, targetModules: [...targetModules] },
    training: config.training,
    numbers,
    bytes: { ...bytes, model: model.bytes },
    rounds: { total: config.rounds.numRounds, committed },
    participants: {
      joined: isHidden ? null : joined,
      wanted: config.rounds.minAvailableClients,
    },
    privacy,
    presence: isHidden ? "hidden" : "shown",
    status,
    protocol: protocolVersion,
  };
}

/** What the organiser says of the run, with what stands for what was left out. */
function wordsOf(run: RunId, { about = {} }: RunConfig) {
  const { columns = {} } = about;
  return {
    title: about.title ?? run,
    description: about.description ?? null,
    organiser: about.organiser ?? null,
    organiserContact: about.contact ?? null,
    subject: about.subject ?? null,
    party: about.party ?? null,
    dataColumns: {
      text: columns.text ?? "text",
      textPair: columns.textPair ?? null,
      label: columns.label ?? "label",
    },
  };
}

/** One row to train on, and one to evaluate on where some are held out. */
function leastExamples({ about, evaluation }: RunConfig): number {
  return Math.max(evaluation.holdout > 0 ? 2 : 1, about?.minimumExamples ?? 1);
}
