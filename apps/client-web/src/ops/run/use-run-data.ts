import { useQueries, useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import { useApi } from "../api/context.tsx";
import { allows, useMe } from "../api/session.ts";
import { finishTimes, roundsToLookBack } from "./model/forecast.ts";
import type { FinishTimes } from "./model/forecast.ts";
import type {
  AttemptTimeline,
  Evaluation,
  Participant,
  Refusal,
  Round,
  RoundDetails,
  Run,
  RunCost,
} from "./model/api-types.ts";
import { indexName, membersOf } from "./model/members.ts";
import type { RoundMember } from "./model/members.ts";
import { epsilonOf, privacyView } from "./model/privacy.ts";
import type { PrivacyView } from "./model/privacy.ts";
import { lateByRound, roundFigures } from "./model/round-figures.ts";
import type { RoundFigures } from "./model/round-figures.ts";
import { settingsOf } from "./model/settings.ts";
import type { RunSettings } from "./model/settings.ts";
import {
  estimateQuery,
  evaluationsQuery,
  membersQuery,
  participantsQuery,
  refusalsQuery,
  roundQuery,
  roundsQuery,
  runQuery,
} from "./queries.ts";
import type { RunReader } from "./queries.ts";

/** What a run's page reads from. */
export function useReader(run: string): RunReader {
  const api = useApi();
  const cache = useQueryClient();
  return useMemo(() => ({ api, cache, run }), [api, cache, run]);
}

/** What live runs and simulations have in common: all that curves, figures and tables of rounds are made from. */
export interface RunViews {
  readonly id: string;
  readonly configHash: string;
  readonly settings: RunSettings;
  readonly rows: readonly RoundFigures[];
  readonly cost: RunCost | null;
  readonly privacy: PrivacyView | null;
  /** Whether it was only played. */
  readonly isSimulation: boolean;
  readonly run: Pick<Run, "status" | "numRounds" | "committedRounds" | "presence">;
}

const noRounds: readonly Round[] = [];
const noEvaluations: readonly Evaluation[] = [];
const noRefusals: readonly Refusal[] = [];
const noParticipants: readonly Participant[] = [];

/** Curves, figures and rows of a live run; they stay the same while only its state changes. */
export function useRunViews(reader: RunReader, run: Run) {
  const { data: rounds = noRounds, error } = useQuery(roundsQuery(reader));
  const { data: evaluations = noEvaluations } = useQuery(evaluationsQuery(reader));
  const mayAsk = allows(useMe(), "runs:write");
  const { data: estimate } = useQuery({
    ...estimateQuery(reader.api, run.config),
    enabled: mayAsk,
  });
  const cost = estimate?.cost ?? null;
  const { id, configHash, config, status, numRounds, committedRounds, presence } = run;
  const { epsilon } = run.figures;
  const settings = useMemo(() => settingsOf(config), [config]);
  const privacy = useMemo(
    () =>
      privacyView({
        run: { numRounds, committedRounds, figures: { epsilon } },
        estimate: cost?.epsilon ?? null,
      }),
    [numRounds, committedRounds, epsilon, cost],
  );
  const rows = useMemo(
    () => roundFigures({ rounds, evaluations, epsilonAfter: epsilonOf(privacy) }),
    [rounds, evaluations, privacy],
  );
  const views = useMemo((): RunViews => {
    const facts = { status, numRounds, committedRounds, presence };
    return {
      ...{ id, configHash, settings, rows, cost, privacy, run: facts, isSimulation: false },
    };
  }, [id, configHash, settings, rows, cost, privacy, status, numRounds, committedRounds, presence]);
  return { views, error };
}

/** Names of participants by index; `c07` where they are not told. */
export function useNames(reader: RunReader): (index: number) => string {
  const { data: participants = noParticipants } = useQuery(participantsQuery(reader));
  return useMemo(() => {
    const names = new Map(participants.map(({ index, client }) => [index, client]));
    return (index: number) => names.get(index) ?? indexName(index);
  }, [participants]);
}

/** Who takes part. */
export function useParticipants(reader: RunReader): readonly Participant[] {
  return useQuery(participantsQuery(reader)).data ?? noParticipants;
}

/** The round at hand and the last ones before it, the latest last; what is not there yet is left out. */
export function useLastRounds(
  reader: RunReader,
  { state, status, presence, committedRounds }: Run,
): readonly RoundDetails[] {
  const open = status === "running" && state.round > committedRounds ? [state.round] : [];
  const first = Math.max(committedRounds - roundsToLookBack + 1, 1);
  const past = Array.from({ length: committedRounds - first + 1 }, (_, at) => first + at);
  const wanted = presence === "hidden" ? [] : [...past, ...open];
  return useQueries({
    queries: wanted.map((round) => roundQuery(reader, round)),
    combine: withData,
  });
}

function withData(
  results: readonly { readonly data: RoundDetails | undefined }[],
): readonly RoundDetails[] {
  return results.flatMap(({ data }) => data ?? []);
}

/** Who is in the open round and how far each is, and how long each usually takes. */
export interface OpenRound {
  readonly members: readonly RoundMember[];
  readonly times: FinishTimes;
}

/** The members of the round at hand. */
export function useOpenRound(
  run: Run,
  {
    details,
    nameOf,
  }: { readonly details: readonly RoundDetails[]; readonly nameOf: (index: number) => string },
): OpenRound {
  const { data: told } = useQuery(membersQuery(run.id));
  const { round, attempt } = run.state;
  const members = useMemo(() => {
    const isOpen = (one: AttemptTimeline): boolean => one.attempt === attempt;
    const timeline = details.find((one) => one.round === round)?.attempts.find(isOpen) ?? null;
    const live = told?.round === round && told.attempt === attempt ? told : null;
    return membersOf({ timeline, live, nameOf });
  }, [details, told, round, attempt, nameOf]);
  const times = useMemo(
    () => finishTimes(details.filter(({ committed }) => committed !== null)),
    [details],
  );
  return useMemo(() => ({ members, times }), [members, times]);
}

/** Late updates by round, and who was late to the last one. */
export function useLate(reader: RunReader) {
  const { data: refusals = noRefusals } = useQuery(refusalsQuery(reader));
  return useMemo(() => ({ refusals, byRound: lateByRound(refusals) }), [refusals]);
}

/** The run, with what is needed to ask again. */
export function useRun(reader: RunReader) {
  const { data: run, error, dataUpdatedAt, refetch } = useQuery(runQuery(reader));
  return { run, error, toldAtMs: dataUpdatedAt, refetch };
}
