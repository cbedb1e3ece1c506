/** Messages and questions between processes, over a wire. */
import { asFedtuneError, errorCodes, FedtuneError, parseInput } from "@fedtune/core";
import type { Clock } from "@fedtune/core";
import { z } from "zod";
import type { Wire } from "./wire.ts";

/** One process among others. */
export interface Bus {
  /** The name of this process. */
  readonly self: string;
  /** Tells one process, or all others (null), something of a topic: in order, at most once, without an answer. */
  publish(to: string | null, topic: string, message: unknown): void;
  /**
   * Asks one process.
   *
   * @throws FedtuneError what the other side threw; `timeout` when it does not answer in time
   */
  request(to: string, topic: string, question: Question): Promise<unknown>;
  /** Registers what answers a topic; called once per topic. */
  subscribe(topic: string, listener: BusListener): void;
  /** Ends the questions under way, and the wire. */
  close(): Promise<void>;
}

/** What is asked, and how long its answer may take. */
export interface Question {
  readonly message: unknown;
  readonly timeoutMs: number;
}

/** What a process does about a topic. */
export interface BusListener {
  heard?(from: string, message: unknown): void;
  /** The answer, or the error, goes back. */
  asked?(from: string, message: unknown): Promise<unknown>;
  /** Messages in both directions may be lost. */
  interrupted?(): void;
}

const envelope = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("tell"), topic: z.string(), message: z.unknown() }),
  z.strictObject({
    kind: z.literal("ask"),
    topic: z.string(),
    id: z.number(),
    message: z.unknown(),
  }),
  z.strictObject({ kind: z.literal("answer"), id: z.number(), message: z.unknown() }),
  z.strictObject({
    ...{ kind: z.literal("error"), id: z.number() },
    ...{ code: z.enum(errorCodes), message: z.string(), data: z.record(z.string(), z.unknown()) },
  }),
]);
type Envelope = z.infer<typeof envelope>;

interface Pending {
  readonly to: string;
  resolve(message: unknown): void;
  reject(error: FedtuneError): void;
}

/** What a bus needs. */
export interface BusOptions {
  readonly wire: Wire;
  readonly clock: Clock;
  /** Hears what should not happen: a text that cannot be read, a listener that throws. */
  readonly failed: (error: unknown) => void;
}

interface State extends BusOptions {
  readonly topics: Map<string, BusListener>;
  readonly pending: Map<number, Pending>;
  asked: number;
}

/** Puts a bus on a wire. */
export function openBus(options: BusOptions): Bus {
  const state: State = { ...options, topics: new Map(), pending: new Map(), asked: 0 };
  const { wire, failed } = options;
  const { topics, pending } = state;
  wire.listen({
    heard(from, text) {
      try {
        hear(state, from, text);
      } catch (error) {
        failed(error);
      }
    },
    interrupted() {
      for (const listener of topics.values()) listener.interrupted?.();
    },
  });
  return {
    self: wire.self,
    publish(to, topic, message) {
      send(state, to, { kind: "tell", topic, message });
    },
    request: (to, topic, question) => request(state, { to, topic, ...question }),
    subscribe(topic, listener) {
      if (topics.has(topic)) throw new RangeError(`Cannot subscribe to "${topic}" twice`);
      topics.set(topic, listener);
    },
    async close() {
      const error = new FedtuneError("transport-closed", "Cannot wait for an answer: closing");
      for (const one of [...pending.values()]) one.reject(error);
      await wire.close();
    },
  };
}

function send({ wire }: State, to: string | null, message: Envelope): void {
  wire.send(to, JSON.stringify(message));
}

function request(
  state: State,
  { to, topic, message, timeoutMs }: Question & { readonly to: string; readonly topic: string },
): Promise<unknown> {
  const id = state.asked++;
  return new Promise((resolve, reject) => {
    const done = (): void => {
      cancel();
      state.pending.delete(id);
    };
    const cancel = state.clock.after(timeoutMs, () => {
      done();
      const text = `Cannot wait longer for process ${to}: ${timeoutMs} ms are over`;
      reject(new FedtuneError("timeout", text, { data: { topic } }));
    });
    state.pending.set(id, {
      to,
      resolve(value) {
        done();
        resolve(value);
      },
      reject(error) {
        done();
        reject(error);
      },
    });
    send(state, to, { kind: "ask", topic, id, message });
  });
}

function hear(state: State, from: string, text: string): void {
  const message = parseInput(envelope, JSON.parse(text), { what: "a message of another process" });
  if (message.kind === "tell") state.topics.get(message.topic)?.heard?.(from, message.message);
  else if (message.kind === "ask") void answer(state, from, message);
  else settle(state.pending, from, message);
}

async function answer(
  state: State,
  from: string,
  { id, topic, message }: Extract<Envelope, { kind: "ask" }>,
): Promise<void> {
  try {
    const listener = state.topics.get(topic);
    if (listener?.asked === undefined)
      throw new FedtuneError("internal", `Cannot answer about "${topic}"`);
    const answered = (await listener.asked(from, message)) ?? null;
    send(state, from, { kind: "answer", id, message: answered });
  } catch (error) {
    const { code, message: why, data } = asFedtuneError(error);
    send(state, from, { kind: "error", id, code, message: why, data });
  }
}

/** An answer counts only from the process that was asked. */
function settle(
  pending: ReadonlyMap<number, Pending>,
  from: string,
  message: Extract<Envelope, { kind: "answer" | "error" }>,
): void {
  const one = pending.get(message.id);
  if (one?.to !== from) return;
  if (message.kind === "answer") one.resolve(message.message);
  else one.reject(new FedtuneError(message.code, message.message, { data: message.data }));
}
