/** What the owner of a run writes into the memory store. */
import { FedtuneError } from "../errors.ts";
import type { RunId } from "../ids.ts";
import { dateOf, latestAttempt, promised, updatesOf } from "./memory-data.ts";
import type { RunData } from "./memory-data.ts";
import { sumsOf } from "./member-row.ts";
import type { MemberRow } from "./member-row.ts";
import type {
  AttemptEnd,
  AttemptRow,
  RefusalRow,
  RoundRow,
  RunEnd,
  Store,
  StoredUpdate,
  UpdateRow,
} from "./store.ts";
import type { ParticipantRow } from "./store-reads.ts";

type Writes =
  | "openAttempt"
  | "putUpdate"
  | "putRefusal"
  | "endAttempt"
  | "commitRound"
  | "putEvaluation"
  | "setPaused"
  | "finishRun";

/** The fenced writes. */
export function writesOf(read: (run: RunId) => RunData, now: () => number): Pick<Store, Writes> {
  const write = (run: RunId, epoch: number): RunData => {
    const data = read(run);
    if (data.epoch === epoch) return data;
    const message = `Cannot write run "${run}" with epoch ${epoch}: it is owned by epoch ${data.epoch}`;
    throw new FedtuneError("stale-epoch", message, { data: { epoch, owner: data.epoch } });
  };
  const writing = <T>(run: RunId, epoch: number, work: (data: RunData) => T): Promise<T> =>
    promised(() => work(write(run, epoch)));
  return {
    openAttempt: (run, epoch, row) =>
      writing(run, epoch, (data) => {
        openAttempt(data, row, now());
      }),
    putUpdate: (run, epoch, update) => writing(run, epoch, (data) => putUpdate(data, update)),
    putRefusal: (run, epoch, row) =>
      writing(run, epoch, (data) => {
        putRefusal(data, row, dateOf(now()));
      }),
    endAttempt: (run, epoch, end) =>
      writing(run, epoch, (data) => {
        endAttempt(data, end, dateOf(now()));
      }),
    commitRound: (run, epoch, row) =>
      writing(run, epoch, (data) => {
        commitRound(data, row, dateOf(now()));
      }),
    putEvaluation: (run, epoch, row) =>
      writing(run, epoch, ({ evaluations }) => {
        if (!evaluations.some(({ round }) => round === row.round)) evaluations.push(row);
      }),
    setPaused: (run, epoch, paused) => writing(run, epoch, (data) => void (data.paused = paused)),
    finishRun: (run, epoch, end) =>
      writing(run, epoch, (data) => {
        finishRun(data, end, dateOf(now()));
      }),
  };
}

function openAttempt(data: RunData, row: AttemptRow, now: number): void {
  const latest = latestAttempt(data);
  const { round, attempt } = row;
  if (latest?.row.attempt === attempt && latest.row.round === round) return;
  const next = { round: data.rounds.length + 1, attempt: (latest?.row.attempt ?? 0) + 1 };
  if (round !== next.round || attempt !== next.attempt) {
    throw new FedtuneError(
      "wrong-round",
      `Cannot open attempt ${attempt} at round ${round}: the next one is attempt ${next.attempt} at round ${next.round}`,
    );
  }
  data.attempts.push({ row, openedAt: now, endedAt: null, end: null });
}

function putUpdate(data: RunData, update: UpdateRow): StoredUpdate {
  const { round, index } = update;
  const updates = data.updates.get(round) ?? new Map<number, UpdateRow>();
  const before = updates.get(index);
  if (before !== undefined) return before.blob.hash === update.blob.hash ? "same" : "conflict";
  const latest = latestAttempt(data);
  const isOpen =
    latest?.end === null && latest.row.round === round && latest.row.attempt === update.attempt;
  if (!isOpen) return "closed";
  data.updates.set(round, updates.set(index, update));
  return "stored";
}

function endAttempt(data: RunData, end: AttemptEnd, at: string): void {
  const latest = latestAttempt(data);
  const { round, attempt, accepted, members = [] } = end;
  if (latest?.row.round !== round || latest.row.attempt !== attempt) {
    throw new FedtuneError(
      "wrong-round",
      `Cannot end attempt ${attempt} at round ${round}: it is not the latest`,
    );
  }
  if (latest.end !== null && latest.end.status === "abandoned") {
    if (end.status === "abandoned") return;
    throw new FedtuneError("wrong-round", `Cannot close round ${round}: its attempt is abandoned`);
  }
  if (latest.end === null) addSums(data, { members, round, at });
  // A closed attempt can still be given up: its updates turned out not to be usable together.
  latest.end = end;
  latest.endedAt = at;
  const kept = new Set(accepted);
  for (const { attempt: of, index } of updatesOf(data, round)) {
    if (of === attempt && !kept.has(index)) data.updates.get(round)?.delete(index);
  }
}

interface Sums {
  readonly members: readonly MemberRow[];
  readonly round: number;
  readonly at: string;
}

function addSums({ clients }: RunData, { members, round, at }: Sums): void {
  const byIndex = new Map([...clients.values()].map((client) => [client.index, client]));
  for (const member of members) {
    const client = byIndex.get(member.index);
    if (client !== undefined) clients.set(client.client, withSums(client, { member, round, at }));
  }
}

function withSums(
  client: ParticipantRow,
  { member, round, at }: Omit<Sums, "members"> & { readonly member: MemberRow },
): ParticipantRow {
  const sums = sumsOf(member);
  const isAccepted = sums.accepted > 0;
  return {
    ...client,
    ordered: client.ordered + sums.ordered,
    accepted: client.accepted + sums.accepted,
    refused: client.refused + sums.refused,
    declined: client.declined + sums.declined,
    lastRound: isAccepted ? round : client.lastRound,
    examples: isAccepted ? member.examples : client.examples,
    examplesSum: client.examplesSum + sums.examples,
    trainingSeconds: client.trainingSeconds + sums.trainingSeconds,
    timed: client.timed + sums.timed,
    bytesUp: client.bytesUp + member.bytesUp,
    bytesDown: client.bytesDown + member.bytesDown,
    lastSeen: member.startedMs === null ? client.lastSeen : at,
  };
}

/** One row for the same thing refused for the same reason, however often. */
function putRefusal({ refusals, clients }: RunData, row: RefusalRow, refusedAt: string): void {
  const key = keyOf(row);
  if (refusals.some((one) => keyOf(one.row) === key)) return;
  refusals.push({ row, refusedAt });
  if (row.code !== "late-update") return;
  const client = [...clients.values()].find(({ index }) => index === row.index);
  if (client !== undefined) clients.set(client.client, { ...client, late: client.late + 1 });
}

function keyOf({ round, attempt, index, code, hash }: RefusalRow): string {
  return `${round}/${index}/${attempt}/${code}/${hash ?? ""}`;
}

function commitRound({ rounds, committedAt }: RunData, row: RoundRow, at: string): void {
  const last = rounds.at(-1);
  if (last?.round === row.round && JSON.stringify(last) === JSON.stringify(row)) return;
  const next = rounds.length + 1;
  if (row.round !== next) {
    throw new FedtuneError(
      "wrong-round",
      `Cannot commit round ${row.round}: the next one is round ${next}`,
    );
  }
  rounds.push(row);
  committedAt.push(at);
}

function finishRun(data: RunData, end: RunEnd, at: string): void {
  data.end = end;
  data.endedAt ??= at;
}
