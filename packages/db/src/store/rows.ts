/** Rows of the tables as the store's contract has them. */
import { clientId, digest, runId } from "@fedtune/core";
import type {
  AttemptDetails,
  AttemptRow,
  EvaluationRow,
  MemberRow,
  ParticipantRow,
  RefusalRow,
  RoundRow,
  RunEnd,
  RunHead,
  RunRow,
  UpdateRow,
} from "@fedtune/core";
import type {
  Attempt,
  Evaluation,
  Participant,
  Refusal,
  Round,
  Run,
  Update,
} from "../generated/client.ts";

/** A run as it was created. */
export function runRow({ id, configHash, config }: Run): RunRow {
  return { id: runId(id), configHash: digest(configHash), config };
}

/** How the run ended; null: it goes on. */
export function runEnd({ status, failure }: Run): RunEnd | null {
  if (status === "running") return null;
  return {
    status: status as RunEnd["status"],
    failure: failure as unknown as RunEnd["failure"],
  };
}

/** The run in a list. */
export function runHead(run: Run): RunHead {
  const { id, configHash } = runRow(run);
  const { paused, committed: rounds } = run;
  const status = run.status as RunHead["status"];
  return { id, configHash, status, paused, rounds, createdAt: run.createdAt.toISOString() };
}

/** An attempt as it was opened. */
export function attemptRow({
  round,
  attempt,
  cohort,
  target,
}: Omit<Attempt, "members">): AttemptRow {
  return { round, attempt, cohort, target };
}

/** An accepted update. */
export function updateRow(update: Update): UpdateRow {
  const { round, attempt, index, blobHash, bytes, examples, norm, base } = update;
  const metrics = update.metrics as UpdateRow["metrics"];
  const blob = { hash: digest(blobHash), bytes };
  const row = { round, attempt, index, blob, examples, metrics, norm };
  const member = update.member as unknown as MemberRow | null;
  return {
    ...row,
    ...(base === null ? {} : { base }),
    ...(member === null ? {} : { member }),
  };
}

/** An attempt with what became of it. */
export function attemptDetails(row: Attempt): AttemptDetails {
  const { status, openedAt, endedAt, code, message, members } = row;
  return {
    ...attemptRow(row),
    status: status as AttemptDetails["status"],
    ...{ openedAt: openedAt.toISOString(), endedAt: endedAt?.toISOString() ?? null },
    ...{ code: code as AttemptDetails["code"], message },
    members: members as unknown as readonly MemberRow[] | null,
  };
}

/** A client with its sums. */
export function participantRow(row: Participant): ParticipantRow {
  const { client, index, enrolledAt, lastSeen, software, device, examplesSum } = row;
  const { ordered, accepted, refused, late, declined, lastRound, examples } = row;
  const { trainingSeconds, timed, bytesUp, bytesDown } = row;
  return {
    ...{ client: clientId(client), index, joinedAt: enrolledAt.toISOString() },
    ...{ lastSeen: lastSeen.toISOString(), software },
    device: device as unknown as ParticipantRow["device"],
    ...{ ordered, accepted, refused, late, declined, lastRound, examples },
    ...{ examplesSum: Number(examplesSum), trainingSeconds, timed },
    ...{ bytesUp: Number(bytesUp), bytesDown: Number(bytesDown) },
  };
}

/** A refusal; those without bytes have no hash. */
export function refusalRow({ round, attempt, index, hash, code, message }: Refusal): RefusalRow {
  const of = hash === "" ? null : digest(hash);
  return { round, attempt, index, hash: of, code: code as RefusalRow["code"], message };
}

/** A committed round as the engine wrote it. */
export function roundRow({ row }: Round): RoundRow {
  return row as unknown as RoundRow;
}

/** An evaluation. */
export function evaluationRow({ round, metrics, traffic }: Evaluation): EvaluationRow {
  return {
    round,
    metrics: metrics as EvaluationRow["metrics"],
    traffic: traffic as unknown as EvaluationRow["traffic"],
  };
}
