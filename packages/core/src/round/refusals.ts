/** What is not taken from clients: answered, counted, reported, and written down. */
import type { ErrorCode } from "../errors.ts";
import type { Digest } from "../ids.ts";
import type { Context } from "./coordinator.ts";
import { launch } from "./launch.ts";
import type { RoundEffect } from "./types.ts";

/** Tells a client why its update is not taken. */
export function refuse(context: Context, effect: Extract<RoundEffect, { type: "refuse" }>): void {
  const { index, round, attempt, hash, code } = effect;
  const message = `Cannot accept the update of round ${round}: ${refusalText(code, context.state().round)}`;
  noteRefusal(context, { index, round, attempt, code, message, hash });
  context.send(index, { type: "refused", run: context.setup.id, round, hash, code, message });
}

/** Something that a client said or sent and that is not taken. */
export interface Refusal {
  readonly index: number;
  readonly round: number | null;
  /** Absent: the attempt at hand. */
  readonly attempt?: number;
  readonly code: ErrorCode;
  readonly message: string;
  /** Of the bytes that were refused, if there were any. */
  readonly hash?: Digest;
}

/** Counts, reports and writes down a refusal. */
export function noteRefusal(context: Context, refusal: Refusal): void {
  const { refusals } = context.round;
  refusals.set(refusal.code, (refusals.get(refusal.code) ?? 0) + 1);
  context.timeline.refused(refusal);
  const client = context.connections.byIndex(refusal.index)?.client ?? `#${refusal.index}`;
  context.listener.refused?.({ client, ...refusal });
  launch(context, writeDown(context, refusal));
}

/** A broken client must not fill the store: after so many refusals in one round the others are only counted. */
const MAX_WRITTEN_REFUSALS = 16;

async function writeDown(context: Context, refusal: Refusal): Promise<void> {
  const { setup, ports, epoch, round } = context;
  const { index, code, hash = null } = refusal;
  const written = round.noted.get(index) ?? 0;
  if (written >= MAX_WRITTEN_REFUSALS) return;
  round.noted.set(index, written + 1);
  const state = context.state();
  const message = refusal.message.slice(0, 2000);
  const at = { round: refusal.round ?? state.round, attempt: refusal.attempt ?? state.attempt };
  await ports.store.putRefusal(setup.id, epoch, { ...at, index, hash, code, message });
}

function refusalText(code: ErrorCode, round: number): string {
  switch (code) {
    case "late-update":
      return `the coordinator is past it (round ${round})`;
    case "wrong-round":
      return `the coordinator is at round ${round}`;
    case "not-selected":
      return "the client is not in the cohort of this round";
    case "update-conflict":
      return "another update of this client is already there";
    case "norm-exceeded":
      return "its norm is beyond the run's firewall.maxNorm";
    default:
      return code;
  }
}
