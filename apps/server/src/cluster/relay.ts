/**
 * Clients at any process: each run has a line at every process of the cluster, the owner's with the coordinator behind
 * it, the others' with the way to the owner.
 */
import { FedtuneError, parseInput } from "@fedtune/core";
import type { Blobs, RunId } from "@fedtune/core";
import type { z } from "zod";
import type { RunLine } from "../run-line.ts";
import type { SocketHub } from "../socket-hub.ts";
import type { Bus } from "./bus.ts";
import { followerLine } from "./follower-line.ts";
import type { FollowerLine, FollowerPorts } from "./follower-line.ts";
import { ownerLine } from "./owner-line.ts";
import type { OwnerLine } from "./owner-line.ts";
import { asked, description, told } from "./relay-messages.ts";
import type { Asked, Told } from "./relay-messages.ts";

/** What a relay stands on. */
export interface RelayOptions {
  readonly bus: Bus;
  /** The connections of this process. */
  readonly hub: Pick<SocketHub, "add">;
  /** Shared by all processes. */
  readonly blobs: Blobs;
  /** Longest wait for an owner's answer; default 10 s. */
  readonly timeoutMs?: number;
}

/** The lines of one process. */
export interface Relay {
  /**
   * The owner's line of a run, in place of the hub's own: its transport reaches clients of all processes.
   *
   * @throws RangeError when this process has it already
   */
  add(run: RunId, maxUploadBytes: number): RunLine;
  /** This process owns the run no more; its clients wait for who does. */
  leave(run: RunId): void;
  /** Says who owns a run that this process does not own; null: nobody. */
  follow(run: RunId, owner: string | null): Promise<void>;
  /** The runs that go on; lines of others that nobody owns are closed. */
  keep(runs: ReadonlySet<RunId>): void;
  /** The processes that live: others own nothing, and their connections are gone. */
  living(processes: ReadonlySet<string>): void;
}

type Line =
  | { readonly kind: "owner"; readonly at: OwnerLine }
  | { readonly kind: "follower"; readonly at: FollowerLine; readonly owner: string | null };

interface State extends Required<RelayOptions> {
  readonly lines: Map<RunId, Line>;
  /** By run: the longest upload, once it was said. */
  readonly bounds: Map<RunId, number>;
  /** Processes that have said something. */
  readonly known: Set<string>;
}

const topic = "relay";
/** Of a run that no owner has described yet: its uploads are refused for now, whatever their length. */
const UNKNOWN_UPLOAD_BYTES = 64 * 2 ** 20;

/** Puts a relay on a bus. */
export function openRelay(options: RelayOptions): Relay {
  const state: State = {
    ...{ timeoutMs: 10_000, ...options, lines: new Map(), bounds: new Map(), known: new Set() },
  };
  options.bus.subscribe(topic, {
    heard(from, message) {
      hear(state, from, parseInput(told, message, { what: "a message of another process" }));
    },
    asked: (from, message) =>
      answer(state, from, parseInput(asked, message, { what: "a question of another process" })),
    interrupted() {
      for (const [run, line] of state.lines) {
        if (line.kind === "owner") line.at.interrupted();
        else wait(state, run);
      }
    },
  });
  return {
    add: (run, maxUploadBytes) => own(state, run, maxUploadBytes),
    leave(run) {
      const line = state.lines.get(run);
      if (line?.kind === "owner") line.at.leave();
    },
    follow: (run, owner) => follow(state, run, owner),
    keep(runs) {
      for (const [run, line] of state.lines) {
        // Where a run has ended its owner still says so to clients that ask.
        if (line.kind === "owner" || line.owner !== null || runs.has(run)) continue;
        line.at.close();
        state.lines.delete(run);
        state.bounds.delete(run);
      }
    },
    living(processes) {
      for (const [run, line] of state.lines) {
        if (line.kind === "follower" && line.owner !== null && !processes.has(line.owner))
          wait(state, run);
      }
      for (const process of [...state.known].filter((one) => !processes.has(one))) {
        state.known.delete(process);
        for (const line of state.lines.values())
          if (line.kind === "owner") line.at.lostProcess(process);
      }
    },
  };
}

function own(state: State, run: RunId, maxUploadBytes: number): RunLine {
  const { bus, hub, blobs, lines } = state;
  const before = lines.get(run);
  if (before?.kind === "owner") throw new RangeError(`Cannot own run "${run}" twice`);
  // Old line away and new line there in one tick: a hello in between would find no run.
  before?.at.close();
  const tell = (to: string | null, message: Told): void => {
    bus.publish(to, topic, message);
  };
  const at = ownerLine(hub.add(run, maxUploadBytes), {
    ...{ blobs, tell },
    left: () => {
      wait(state, run);
    },
  });
  lines.set(run, { kind: "owner", at });
  state.bounds.set(run, maxUploadBytes);
  tell(null, { type: "owned", run, maxUploadBytes });
  return at.line;
}

/** Keeps the clients of a run until somebody owns it. */
function wait(state: State, run: RunId): void {
  replace(state, run, null);
}

function replace(state: State, run: RunId, owner: string | null): void {
  const { hub, lines, bounds } = state;
  const before = lines.get(run);
  if (before?.kind === "follower") before.at.close();
  const line = hub.add(run, bounds.get(run) ?? UNKNOWN_UPLOAD_BYTES);
  const at = followerLine(line, owner === null ? null : portsTo(state, owner));
  lines.set(run, { kind: "follower", at, owner });
}

function portsTo({ bus, blobs, timeoutMs }: State, owner: string): FollowerPorts {
  return {
    blobs,
    tell: (message) => {
      bus.publish(owner, topic, message);
    },
    ask: (message) => bus.request(owner, topic, { message, timeoutMs }),
  };
}

async function follow(state: State, run: RunId, owner: string | null): Promise<void> {
  const { bus, lines, bounds, timeoutMs } = state;
  const isCurrent = (): boolean => {
    const line = lines.get(run);
    return line?.kind === "owner" || (line?.kind === "follower" && line.owner === owner);
  };
  if (isCurrent() || owner === bus.self) return;
  if (owner === null) {
    wait(state, run);
    return;
  }
  // Its clients may come before the owner answers, and one that was killed never does.
  if (lines.get(run) === undefined) wait(state, run);
  const before = lines.get(run);
  const message: Asked = { type: "describe", run };
  // Who answers does own the run; what a row says may be over already.
  const answered = await bus.request(owner, topic, { message, timeoutMs }).catch(() => null);
  if (lines.get(run) !== before || answered === null) return;
  const { maxUploadBytes } = parseInput(description, answered, { what: "a run's description" });
  bounds.set(run, maxUploadBytes);
  replace(state, run, owner);
}

function hear(state: State, from: string, message: z.output<typeof told>): void {
  state.known.add(from);
  const { run } = message;
  const line = state.lines.get(run);
  switch (message.type) {
    case "message":
    case "closed":
      if (line?.kind === "owner") line.at.heard(from, message);
      return;
    case "send":
      if (line?.kind === "follower" && line.owner === from)
        line.at.send(message.connection, message.text);
      return;
    case "disconnect":
      if (line?.kind === "follower" && line.owner === from) line.at.disconnect(message.connection);
      return;
    case "owned":
      if (line?.kind === "owner") return;
      state.bounds.set(run, message.maxUploadBytes);
      replace(state, run, from);
      return;
    case "left":
      if (line?.kind === "follower" && line.owner === from) wait(state, run);
      return;
    default:
      throw new RangeError(`Cannot hear ${JSON.stringify(message satisfies never)}`);
  }
}

async function answer(
  state: State,
  from: string,
  message: z.output<typeof asked>,
): Promise<unknown> {
  state.known.add(from);
  const line = state.lines.get(message.run);
  if (line?.kind === "owner") return line.at.asked(from, message);
  const text = `Cannot answer about run "${message.run}": process ${state.bus.self} does not own it`;
  throw new FedtuneError("transport-closed", text, { data: { run: message.run } });
}
