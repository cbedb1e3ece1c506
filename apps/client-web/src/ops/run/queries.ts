/** What the pages of a run read, under the keys that the feed patches. */
import type { ApiClient, OutputOf, Page } from "@fedtune/api";
import { runId } from "@fedtune/core";
import { queryOptions } from "@tanstack/react-query";
import type { QueryClient } from "@tanstack/react-query";
import { keys } from "../api/keys.ts";
import { feedKeys } from "../feed/index.ts";
import type { MembersPatch } from "../feed/index.ts";
import type { Evaluation, Refusal, Round } from "./model/api-types.ts";

/** Items of one request. */
const pageSize = 1000;

type ReadPage<Item> = (query: {
  readonly from: number;
  readonly limit: number;
}) => Promise<Page<Item>>;

/** Reads a list on from what is known of it: lists only grow at their end. */
async function restOf<Item>(
  known: readonly Item[],
  read: ReadPage<Item>,
): Promise<readonly Item[]> {
  const items = [...known];
  for (let from: number | null = items.length; from !== null;) {
    const page: Page<Item> = await read({ from, limit: pageSize });
    items.push(...page.items);
    from = page.next;
  }
  return items;
}

/** A run's page reads from here; its cache is asked for what is known already. */
export interface RunReader {
  readonly api: ApiClient;
  readonly cache: QueryClient;
  readonly run: string;
}

/** The run as it is. */
export function runQuery({ api, run }: RunReader) {
  return queryOptions({
    queryKey: keys.run(run),
    queryFn: ({ signal }) => api.getRun({ params: { run: runId(run) }, signal }),
  });
}

/** A list that only grows, read on from where it is known. */
function growing<Item>(
  key: readonly string[],
  { cache }: RunReader,
  read: (signal: AbortSignal) => ReadPage<Item>,
) {
  return queryOptions({
    queryKey: key,
    queryFn: ({ signal }) => restOf(cache.getQueryData<readonly Item[]>(key) ?? [], read(signal)),
    // An item of a list never changes, so that comparing ten thousand of them finds nothing.
    structuralSharing: false,
  });
}

/** All committed rounds. */
export function roundsQuery(reader: RunReader) {
  const { api, run } = reader;
  const params = { run: runId(run) };
  return growing<Round>(
    keys.rounds(run),
    reader,
    (signal) => (query) => api.listRounds({ params, query, signal }),
  );
}

/** All evaluations. */
export function evaluationsQuery(reader: RunReader) {
  const { api, run } = reader;
  const params = { run: runId(run) };
  return growing<Evaluation>(
    keys.evaluations(run),
    reader,
    (signal) => (query) => api.listEvaluations({ params, query, signal }),
  );
}

/** All refusals. */
export function refusalsQuery(reader: RunReader) {
  const { api, run } = reader;
  const params = { run: runId(run) };
  return growing<Refusal>(
    keys.refusals(run),
    reader,
    (signal) => (query) => api.listRefusals({ params, query, signal }),
  );
}

/** A round with its attempts; one that is committed never changes. */
export function roundQuery({ api, run }: RunReader, round: number) {
  return queryOptions({
    queryKey: keys.round(run, round),
    queryFn: ({ signal }) =>
      api.getRound({ params: { run: runId(run), round: String(round) }, signal }),
    staleTime: ({ state }) =>
      (state.data?.committed ?? null) === null ? 5_000 : Number.POSITIVE_INFINITY,
  });
}

/** Everybody who takes part. */
export function participantsQuery({ api, run }: RunReader) {
  const params = { run: runId(run) };
  return queryOptions({
    queryKey: keys.participants(run),
    queryFn: ({ signal }) => restOf([], (query) => api.listParticipants({ params, query, signal })),
  });
}

/** The guarantee with the first rows of the ledger. */
export function ledgerQuery({ api, run }: RunReader) {
  return queryOptions({
    queryKey: keys.ledger(run),
    queryFn: ({ signal }) =>
      api.getLedger({ params: { run: runId(run) }, query: { limit: pageSize }, signal }),
  });
}

/** Links that let clients in. */
export function invitationsQuery({ api, run }: RunReader) {
  return queryOptions({
    queryKey: keys.invitations(run),
    queryFn: ({ signal }) =>
      api.listEnrolmentTokens({ params: { run: runId(run) }, query: { limit: pageSize }, signal }),
  });
}

/** What a config costs. A config does not change. */
export function estimateQuery(api: ApiClient, config: OutputOf<"getRun">["config"]) {
  return queryOptions({
    queryKey: keys.estimate(config),
    queryFn: ({ signal }) => api.estimateRun({ body: { config }, signal }),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
}

/** What the feed keeps of the open round's members; nobody reads it. */
export function membersQuery(run: string) {
  return queryOptions<MembersPatch | null>({
    queryKey: feedKeys.members(run),
    queryFn: () => null,
    enabled: false,
    initialData: null,
  });
}
