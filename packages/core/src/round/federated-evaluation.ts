/** Evaluation at the clients: who is asked, who has answered, and what it comes to. */
import type { ErrorCode } from "../errors.ts";
import type { Metrics } from "../metrics.ts";
import { mergeMetrics } from "../metrics.ts";
import type { MessageOf } from "../protocol/messages.ts";
import type { Rng } from "../rng.ts";
import type { Context } from "./coordinator.ts";
import { presentIndices } from "./state.ts";
import type { RoundEvent } from "./types.ts";

/** What one client found on its own examples. */
export interface ClientResult {
  readonly examples: number;
  readonly metrics: Metrics;
}

/** The evaluation that is under way, if there is one. */
export interface EvaluationNotes {
  open: {
    readonly round: number;
    /** Participants whose answer may still come. */
    readonly missing: Set<number>;
    readonly results: Map<number, ClientResult>;
    /** Ends the wait. */
    readonly close: () => void;
  } | null;
}

/** Names of the timers, beside the engine's own. */
const DEADLINE = "evaluation";
const graceOf = (index: number): string => `evaluation-grace-${index}`;

/**
 * Asks clients and waits until all have answered or left, or the time is over.
 *
 * @returns the merged metrics; null when nobody could evaluate or the run was stopped meanwhile
 */
export async function evaluateAtClients(context: Context, round: number): Promise<Metrics | null> {
  const { setup, evaluation, timers } = context;
  const { fractionEvaluate, evaluateTimeoutMs } = setup.resolved.config.evaluation;
  const present = presentIndices(context.state());
  const rng = setup.rng.fork(`evaluate/${round}`);
  const missing = new Set(chooseEvaluators(present, fractionEvaluate, rng));
  if (missing.size === 0) return null;
  const results = new Map<number, ClientResult>();
  await new Promise<void>((close) => {
    evaluation.open = { round, missing, results, close };
    timers.start(DEADLINE, evaluateTimeoutMs, () => {
      giveUp(context, "timeout");
    });
    for (const index of missing) ask(context, round, index);
  });
  return mergeResults([...results].sort(([a], [b]) => a - b).map(([, result]) => result));
}

/** Draws the clients that evaluate: `ceil(fraction x present)` of them, ascending; depends on the stream and the set alone. */
function chooseEvaluators(
  present: readonly number[],
  fraction: number,
  rng: Rng,
): readonly number[] {
  const sorted = [...present].sort((a, b) => a - b);
  const count = Math.ceil(fraction * sorted.length);
  return rng
    .shuffle(sorted)
    .slice(0, count)
    .sort((a, b) => a - b);
}

/**
 * Means over clients weighted by examples, and how unlike the clients are: `clients`, and of the accuracy the plain mean
 * over clients and the worst. Null without results.
 */
function mergeResults(results: readonly ClientResult[]): Metrics | null {
  if (results.length === 0) return null;
  const merged = mergeMetrics(
    results.map(({ examples, metrics }) => ({
      weight: examples,
      metrics: { ...metrics, examples },
    })),
  );
  const accuracies = results.flatMap(({ metrics }) => metrics["accuracy"] ?? []);
  const clients = results.length;
  if (accuracies.length === 0) return { ...merged, clients };
  const accuracyMean = accuracies.reduce((sum, value) => sum + value, 0) / accuracies.length;
  return { ...merged, accuracyMean, accuracyWorst: Math.min(...accuracies), clients };
}

/** Takes a client's answer; one that is late, or that nobody asked for, changes nothing. */
export function heardEvaluated(
  context: Context,
  index: number,
  { message, holds }: { readonly message: MessageOf<"evaluated">; readonly holds: number | null },
): void {
  const { open } = context.evaluation;
  const participant = context.state().participants[index];
  if (open?.round !== message.round || !open.missing.has(index) || participant === undefined)
    return;
  if (message.result === null) report(context, index, message);
  else open.results.set(index, message.result);
  settle(context, index);
  // What it fetched in order to evaluate, it need not fetch again for its next order.
  context.post({ type: "joined", index, rank: participant.rank, holds });
}

/** Sees what happens meanwhile: who comes back is asked again, who has left is not waited for. */
export function watchEvaluation(context: Context, event: RoundEvent): void {
  const { open } = context.evaluation;
  if (open === null) return;
  switch (event.type) {
    case "stop":
    case "broken":
      open.results.clear();
      giveUp(context, "run-stopped");
      return;
    case "left":
      if (open.missing.has(event.index)) left(context, event);
      return;
    case "joined":
      if (!open.missing.has(event.index)) return;
      context.timers.stop(graceOf(event.index));
      ask(context, open.round, event.index);
      return;
    default:
  }
}

function ask(context: Context, round: number, index: number): void {
  const participant = context.state().participants[index];
  if (participant === undefined) return;
  const { holds } = participant;
  const { plan, download, adapterHash, layoutHash } = context.model.order({ index, holds });
  context.send(index, {
    type: "evaluate",
    run: context.setup.id,
    round,
    layoutHash,
    from: holds,
    download: [...download],
    adapterHash,
    personal: [...plan.personal],
    deadlineMs: context.setup.resolved.config.evaluation.evaluateTimeoutMs,
  });
}

/** A lost connection may come back within the grace time that orders have, too. */
function left(context: Context, { index, forGood }: { index: number; forGood: boolean }): void {
  const { reconnectGraceMs } = context.setup.resolved.config.rounds;
  if (forGood || reconnectGraceMs === 0) {
    settle(context, index);
    return;
  }
  context.timers.start(graceOf(index), reconnectGraceMs, () => {
    settle(context, index);
  });
}

/** Nobody waits for this client any more; the last one ends the wait. */
function settle(context: Context, index: number): void {
  const { open } = context.evaluation;
  context.timers.stop(graceOf(index));
  open?.missing.delete(index);
  if (open?.missing.size === 0) close(context);
}

/** Ends the wait and calls off what is missing. */
function giveUp(context: Context, code: ErrorCode): void {
  const { open } = context.evaluation;
  if (open === null) return;
  for (const index of open.missing) {
    context.send(index, { type: "cancel", run: context.setup.id, round: open.round, code });
    context.timers.stop(graceOf(index));
  }
  close(context);
}

function close(context: Context): void {
  const { open } = context.evaluation;
  context.evaluation.open = null;
  context.timers.stop(DEADLINE);
  open?.close();
}

function report(context: Context, index: number, message: MessageOf<"evaluated">): void {
  const client = context.connections.byIndex(index)?.client ?? `#${index}`;
  const { round, code } = message;
  const text = `Cannot evaluate round ${round}; the client itself shows why`;
  context.listener.refused?.({ client, code: code ?? "internal", message: text, round });
}
