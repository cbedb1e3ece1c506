/** Carrying out what the engine asks for. */
import { asFedtuneError, FedtuneError } from "../errors.ts";
import type { Digest } from "../ids.ts";
import type { RoundRow, RunEnd } from "../store/store.ts";
import { arrivalKey } from "./arrivals.ts";
import { tryToAggregate } from "./closing.ts";
import type { Context } from "./coordinator.ts";
import { evaluate } from "./evaluation.ts";
import { launch } from "./launch.ts";
import { hasLostRun } from "./loss.ts";
import { refuse } from "./refusals.ts";
import { clientStream } from "./setup.ts";
import { maxStaleness } from "./staleness.ts";
import type { RoundEffect, TimerName } from "./types.ts";

type EffectOf<Type extends RoundEffect["type"]> = Extract<RoundEffect, { type: Type }>;

/** Performs one effect; a promise means that later effects wait for it. Longer work posts its outcome as an event. */
export function performEffect(context: Context, effect: RoundEffect): Promise<void> | undefined {
  switch (effect.type) {
    case "open":
      return open(context, effect);
    case "order":
      order(context, effect);
      return;
    case "cancel":
      cancel(context, effect);
      return;
    case "store":
      launch(context, store(context, effect));
      return;
    case "accept":
      accept(context, effect);
      return;
    case "refuse":
      refuse(context, effect);
      return;
    case "startTimer":
      startTimer(context, effect.timer, effect.ms);
      return;
    case "stopTimer":
      context.timers.stop(effect.timer);
      return;
    case "close":
      return close(context, effect);
    case "aggregate":
      launch(context, tryToAggregate(context, effect));
      return;
    case "commit":
      launch(context, commit(context, effect.round));
      return;
    case "publish":
      return;
    case "evaluate":
      launch(context, evaluate(context, effect.round));
      return;
    case "abandon":
      return abandon(context, effect);
    case "savePaused":
      return context.ports.store.setPaused(context.setup.id, context.epoch, effect.paused);
    case "finish":
      return finishRun(context, effect.status);
    default:
      throw new FedtuneError(
        "internal",
        `Cannot perform effect ${JSON.stringify(effect satisfies never)}`,
      );
  }
}

function cancel({ send, setup }: Context, { index, round, code }: EffectOf<"cancel">): void {
  send(index, { type: "cancel", run: setup.id, round, code });
}

function accept({ send, setup }: Context, { index, round, hash }: EffectOf<"accept">): void {
  send(index, { type: "accepted", run: setup.id, round, hash });
}

async function open(context: Context, effect: EffectOf<"open">): Promise<void> {
  const { setup, ports, round } = context;
  round.noted.clear();
  if (effect.attempt === 1) {
    round.refusals.clear();
    round.sent.clear();
    round.openedAt = ports.clock.now();
  }
  const { round: number, attempt, cohort, target } = effect;
  const oldest = number - maxStaleness(setup.resolved.config.rounds);
  for (const [key, update] of round.arrived) if (update.round < oldest) round.arrived.delete(key);
  const row = { round: number, attempt, cohort, target };
  await ports.store.openAttempt(setup.id, context.epoch, row);
}

/** From here on the round is a function of these updates alone, in this process or in a later one. */
async function close(
  { ports, setup, epoch, timeline }: Context,
  { round, attempt, accepted }: EffectOf<"close">,
): Promise<void> {
  const members = timeline.ended({ round, attempt });
  const end = { round, attempt, accepted, members, status: "closed" } as const;
  await ports.store.endAttempt(setup.id, epoch, end);
}

async function abandon(
  { ports, setup, epoch, listener, timeline }: Context,
  { round, attempt, accepted, code, message }: EffectOf<"abandon">,
): Promise<void> {
  const members = timeline.ended({ round, attempt });
  const end = { round, attempt, accepted, members, code, message, status: "abandoned" } as const;
  await ports.store.endAttempt(setup.id, epoch, end);
  listener.attemptAbandoned?.({ round, attempt, code });
}

function order(context: Context, effect: EffectOf<"order">): void {
  const { setup, model } = context;
  const participant = context.state().participants[effect.index];
  if (participant === undefined) return;
  const { plan, download, adapterHash, layoutHash } = model.order({
    index: effect.index,
    holds: participant.holds,
  });
  context.send(effect.index, {
    type: "order",
    run: setup.id,
    round: effect.round,
    attempt: effect.attempt,
    plan: {
      ...plan,
      train: [...plan.train],
      upload: [...plan.upload],
      personal: [...plan.personal],
      sparsify:
        plan.sparsify === null ? null : { ...plan.sparsify, dense: [...plan.sparsify.dense] },
    },
    layoutHash,
    from: participant.holds,
    download: [...download],
    adapterHash,
    seed: [...clientStream(setup.rng, effect.index, effect.round).state().key],
    deadlineMs: setup.resolved.config.rounds.roundTimeoutMs,
  });
  context.timeline.ordered(effect.index);
}

async function store(context: Context, effect: EffectOf<"store">): Promise<void> {
  const { index, round, attempt, hash } = effect;
  const update = context.round.arrived.get(arrivalKey(index, hash));
  if (update === undefined)
    throw new FedtuneError("internal", `Cannot find the update of participant ${index}`);
  const member = context.timeline.accepting(index);
  const outcome = await context.ports.store.putUpdate(context.setup.id, context.epoch, {
    ...update,
    ...(update.round === round ? {} : { round, base: update.round - 1 }),
    ...(member === undefined ? {} : { member }),
    attempt,
    index,
  });
  context.post({ type: "stored", index, round, attempt, hash, outcome });
}

/** A timer that was stopped or started anew while its event waited for its turn has not fired. */
function startTimer({ timers, post }: Context, timer: TimerName, ms: number): void {
  timers.start(timer, ms, (isDue) => {
    post({ type: "timer", timer }, isDue);
  });
}

async function commit(context: Context, round: number): Promise<void> {
  const { ports, setup } = context;
  const { pending } = context.round;
  if (pending?.round !== round)
    throw new FedtuneError("internal", `Cannot commit round ${round}: nothing is pending`);
  const seconds = (ports.clock.now() - context.round.openedAt) / 1000;
  const row: RoundRow = { ...pending, traffic: context.traffic.take(), seconds };
  await ports.store.commitRound(setup.id, context.epoch, row);
  context.round.pending = null;
  const superseded = context.model.adopt(round);
  context.listener.roundCommitted?.(row);
  context.post({ type: "committed" });
  if (context.retention === "latest") await discard(context, round, superseded);
}

/** Deletes blobs that no order can name any more: older parts and adapters, and every upload for rounds that are over. */
async function discard(
  context: Context,
  round: number,
  superseded: readonly Digest[],
): Promise<void> {
  const { uploads } = context.round;
  const last = round - maxStaleness(context.setup.resolved.config.rounds);
  const over = [...uploads].filter(([, of]) => of <= last).map(([hash]) => hash);
  for (const hash of [...superseded, ...over]) {
    uploads.delete(hash);
    await context.ports.blobs.delete(hash);
  }
}

/** The end is written down before anybody hears of it; what cannot be written down has not ended. */
async function finishRun(context: Context, status: RunEnd["status"]): Promise<void> {
  const { ports, setup, epoch, timers } = context;
  timers.stopAll();
  const { failure } = context.state();
  const end: RunEnd = { status, failure };
  if (hasLostRun(context.state())) {
    handOver(context);
    context.ended(end);
    return;
  }
  try {
    await ports.store.finishRun(setup.id, epoch, end);
  } catch (error) {
    const { code, message } = asFedtuneError(error);
    context.post({ type: "endLost", code, message });
    return;
  }
  const rounds = context.model.round;
  for (const { index } of context.connections.all())
    context.send(index, { type: "finished", run: setup.id, status, rounds });
  context.ended(end);
}

/** Lets the clients go without a word about the run, so that they look for it until it is there again. */
function handOver({ connections, ports }: Context): void {
  for (const { connection } of connections.all()) ports.transport.disconnect(connection);
}
