/** A client by hand: says and uploads what a test wants, however wrong. */
import { socketTransport } from "@fedtune/client";
import type { Fetch } from "@fedtune/client";
import {
  clientId,
  encodeMessage,
  encodeVectorBlob,
  parseServerMessage,
  protocolVersion,
} from "@fedtune/core";
import type {
  ClientMessage,
  ClientTransport,
  MessageOf,
  RunId,
  ServerMessage,
} from "@fedtune/core";
import { nodeClock, nodeHash } from "@fedtune/node-ports";
import { mailbox } from "@fedtune/testkit";

export interface RawClient {
  readonly transport: ClientTransport;
  readonly name: string;
  say(message: ClientMessage): void;
  /** The next message of a type; others before it are dropped. */
  hear<Type extends ServerMessage["type"]>(type: Type): Promise<MessageOf<Type>>;
  /** Hello and join; resolves with the welcome. */
  enrol(): Promise<MessageOf<"welcome">>;
  /** Uploads bytes for an order and announces them. */
  deliver(order: MessageOf<"order">, bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** Opens a connection and says nothing yet; `fetching` may watch its requests. */
export async function rawClient(
  url: string,
  name: string,
  fetching: Fetch = fetch,
): Promise<RawClient> {
  const transport = socketTransport({
    url,
    clock: nodeClock,
    hash: nodeHash,
    fetch: fetching,
    reconnectMs: 20,
  });
  const heard = mailbox<ServerMessage>();
  const events = {
    message: (text: string) => {
      heard.put(parseServerMessage(text));
    },
    disconnected() {},
    reconnected() {},
  };
  await transport.open(events, new AbortController().signal);
  const say = (message: ClientMessage): void => {
    transport.send(encodeMessage(message));
  };
  const hear = async <Type extends ServerMessage["type"]>(type: Type): Promise<MessageOf<Type>> => {
    for (;;) {
      const message = await heard.take();
      if (message.type === type) return message as MessageOf<Type>;
    }
  };
  return {
    ...{ transport, name, say, hear },
    async enrol() {
      say(helloOf(name));
      const welcome = await hear("welcome");
      const { run, spec } = welcome;
      say({
        type: "join",
        run,
        layoutHash: spec.layoutHash,
        holds: { round: 0, hash: spec.initialHash },
        pending: null,
      });
      return welcome;
    },
    async deliver({ run, round }, bytes) {
      const hash = nodeHash.sha256(bytes);
      const blob = { bytes, hash };
      await transport.upload(
        { run, round, client: clientId(name) },
        blob,
        new AbortController().signal,
      );
      say({
        type: "update",
        run,
        round,
        blob: { hash, bytes: bytes.length },
        examples: 1,
        metrics: {},
      });
    },
    close: () => transport.close(),
  };
}

/** The first message of a client. */
export function helloOf(name: string, run: RunId | null = null): MessageOf<"hello"> {
  return {
    type: "hello",
    protocol: protocolVersion,
    run,
    client: clientId(name),
    software: "test",
  };
}

/** An encoded update of an order with the given values. */
export function updateOf(order: MessageOf<"order">, values: Float32Array): Uint8Array {
  const { round, layoutHash } = order;
  return encodeVectorBlob({ kind: "update", codec: "f32", round, layoutHash, values });
}
