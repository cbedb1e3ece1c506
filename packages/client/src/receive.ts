/** Bringing the held adapter to where an order or an evaluation wants it. */
import type { BaseResidual, MessageOf, PartContext, TrainControl } from "@fedtune/core";
import { receiveAdapter } from "./held-adapter.ts";
import type { HeldAdapter } from "./held-adapter.ts";
import type { ClientPorts } from "./ports.ts";

/** What stays the same for the whole run. */
export interface ReceptionTerms {
  readonly ports: Pick<ClientPorts, "adapters" | "hash" | "transport">;
  readonly parts: PartContext;
  /** The adapter of round 0: what a snapshot is applied to. */
  readonly first: HeldAdapter;
  readonly verify: boolean;
}

/** What the client holds; changed by {@link receive}. */
export interface Holdings {
  held: HeldAdapter;
  /** Changes of the base since it was loaded, in order. */
  residuals: readonly BaseResidual[];
}

/** What the coordinator sent, and for what. */
export interface Sent {
  readonly sent: Pick<MessageOf<"order">, "from" | "download" | "adapterHash">;
  /** The finished round whose adapter it is. */
  readonly round: number;
  readonly control: TrainControl;
}

/**
 * Downloads what is missing and applies it; nothing where work that was called off has done so.
 *
 * @throws FedtuneError as `receiveAdapter`
 */
export async function receive(
  terms: ReceptionTerms,
  holdings: Holdings,
  task: Sent,
): Promise<void> {
  const { ports, parts, first, verify } = terms;
  const { sent, round, control } = task;
  const { held } = holdings;
  const isSnapshot = sent.from === null;
  if (!isSnapshot && held.round === round && held.hash === sent.adapterHash) return;
  const from = isSnapshot ? first : held;
  const reception = { sent, round, from, verify, signal: control.signal };
  const received = await receiveAdapter(ports, parts, reception);
  holdings.held = received.next;
  holdings.residuals = isSnapshot
    ? received.residuals
    : [...holdings.residuals, ...received.residuals];
}
