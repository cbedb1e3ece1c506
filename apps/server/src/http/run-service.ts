/** Runs as the API needs them. */
import type { CallOf, ItemOf, OutputOf, Page, PageQuery } from "@fedtune/api";
import type { Coordinator, EnrolledClient, RunId } from "@fedtune/core";
import type { RunToServe } from "../run-registry.ts";
import type { Feed } from "./feed.ts";

/** A run with everything but its history. */
export type RunDetails = OutputOf<"getRun">;
/** What changes while a run goes on. */
export type RunStateView = RunDetails["state"];
/** What a follower of a run is told. */
export type RunEvent = OutputOf<"followRun">;

/** All runs of a server. Everything throws FedtuneError `run-unknown` for a run that does not exist. */
export interface RunService {
  /**
   * Makes a run from a config document and opens it; its rounds begin at once, or after {@link RunService.resume}.
   *
   * @throws FedtuneError `config-invalid`, `config-conflict`: also for a name that is taken
   */
  create(document: CallOf<"createRun">["body"]): Promise<RunDetails>;
  /** Opens a run that is there already, for example at the start of a server; its rounds start with `run()`. */
  open(run: RunToServe): Promise<Coordinator>;
  list(filter: CallOf<"listRuns">["query"]): Promise<OutputOf<"listRuns">>;
  /** What is wrong with a config, and what its run would cost; makes nothing. */
  estimate(config: CallOf<"estimateRun">["body"]["config"]): Promise<OutputOf<"estimateRun">>;
  get(run: RunId): Promise<RunDetails>;
  /**
   * Resolves when the run has taken it up and written it down.
   *
   * @throws FedtuneError `usage` when the run has ended, `transport-closed` when it is open nowhere here, `timeout`
   */
  pause(run: RunId): Promise<RunDetails>;
  resume(run: RunId): Promise<RunDetails>;
  /** Stopping a run that has ended is fine. */
  stop(run: RunId): Promise<RunDetails>;
  /** @throws FedtuneError `usage` when the run has not ended */
  delete(run: RunId): Promise<void>;
  rounds(run: RunId, page: PageQuery): Promise<Page<ItemOf<"listRounds">>>;
  /** @throws FedtuneError `usage` for a round that has not begun */
  round(run: RunId, round: number): Promise<OutputOf<"getRound">>;
  series(run: RunId, query: CallOf<"getSeries">["query"]): Promise<OutputOf<"getSeries">>;
  /** Those who take part, in order of their index, and when each was revoked. */
  participants(
    run: RunId,
    page: PageQuery,
    revoked: ReadonlyMap<string, string>,
  ): Promise<Page<ItemOf<"listParticipants">>>;
  evaluations(run: RunId, page: PageQuery): Promise<Page<ItemOf<"listEvaluations">>>;
  attempts(run: RunId, page: PageQuery): Promise<Page<ItemOf<"listAttempts">>>;
  refusals(run: RunId, page: PageQuery): Promise<Page<ItemOf<"listRefusals">>>;
  ledger(run: RunId, page: PageQuery): Promise<OutputOf<"getLedger">>;
  /** Clients in order of their index. */
  clients(run: RunId): Promise<readonly EnrolledClient[]>;
  /** @throws FedtuneError `blob-missing` */
  adapter(
    run: RunId,
    wanted: { readonly round: string; readonly rank: number | undefined },
  ): Promise<OutputOf<"getAdapter">>;
  follow(run: RunId): Promise<Feed<RunEvent>>;
}
