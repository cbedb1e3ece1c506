/** The control messages between coordinator and clients: string tags, a version, everything parsed at the boundary. */
import { z } from "zod";
import { FedtuneError } from "../errors.ts";
import {
  blob,
  client,
  code,
  device,
  digest,
  held,
  index,
  metrics,
  plan,
  published,
  roles,
  round,
  run,
  spec,
  words,
} from "./fields.ts";

/** Version of the control protocol; a client of another version is refused with `protocol-version`. */
export const protocolVersion = 1;
/** Longest accepted control message, in UTF-16 code units. */
export const maxMessageLength = 1_000_000;

const clientMessages = {
  hello: z.strictObject({
    type: z.literal("hello"),
    protocol: z.int(),
    run: run.nullable(),
    client,
    software: z.string().max(200),
    device: device.nullable().optional(),
  }),
  join: z.strictObject({
    type: z.literal("join"),
    run,
    layoutHash: digest,
    holds: held,
    /** A delivered update whose answer the client has not heard; it is told first when the update was accepted. */
    pending: held,
  }),
  taken: z.strictObject({
    type: z.literal("taken"),
    run,
    round,
    attempt: z.int().positive(),
    holds: held,
  }),
  /** How far its training is; may be left out, and need not arrive. */
  progress: z.strictObject({
    type: z.literal("progress"),
    run,
    round,
    attempt: z.int().positive(),
    done: z.number().min(0).max(1),
  }),
  declined: z.strictObject({
    type: z.literal("declined"),
    run,
    round,
    attempt: z.int().positive(),
    code,
    message: z.string().max(2000),
  }),
  update: z.strictObject({
    type: z.literal("update"),
    run,
    round,
    blob,
    /** The weight of the update; more examples than this one client cannot have. */
    examples: z.int().min(0).max(1_000_000_000),
    metrics,
  }),
  evaluated: z.strictObject({
    type: z.literal("evaluated"),
    run,
    round,
    holds: held,
    /** Null: the client could not evaluate, and `code` says why. */
    result: z.strictObject({ examples: z.int().positive().max(1_000_000_000), metrics }).nullable(),
    code: code.nullable(),
  }),
  leave: z.strictObject({ type: z.literal("leave"), run }),
};

const serverMessages = {
  welcome: z.strictObject({
    type: z.literal("welcome"),
    protocol: z.int(),
    run,
    client,
    index,
    spec,
  }),
  order: z.strictObject({
    type: z.literal("order"),
    run,
    round,
    attempt: z.int().positive(),
    plan,
    layoutHash: digest,
    /** The round whose adapter the client is taken to hold; null: the downloads are a full snapshot. */
    from: round.nullable(),
    /** What to fetch and apply, in order. */
    download: z.array(published),
    /** Hash of the shared values that the client must hold after applying the downloads. */
    adapterHash: digest,
    seed: words,
    deadlineMs: z.number().min(0),
  }),
  evaluate: z.strictObject({
    type: z.literal("evaluate"),
    run,
    /** The finished round whose adapter is evaluated; 0: the initial one. */
    round,
    layoutHash: digest,
    /** As in an order: the round that the client is taken to hold, what to fetch, and what results. */
    from: round.nullable(),
    download: z.array(published),
    adapterHash: digest,
    /** Roles for which the client puts its own factors in place. */
    personal: roles,
    deadlineMs: z.number().min(0),
  }),
  cancel: z.strictObject({ type: z.literal("cancel"), run, round, code }),
  accepted: z.strictObject({ type: z.literal("accepted"), run, round, hash: digest }),
  refused: z.strictObject({
    type: z.literal("refused"),
    run,
    round,
    hash: digest,
    code,
    message: z.string().max(2000),
  }),
  finished: z.strictObject({
    type: z.literal("finished"),
    run,
    status: z.enum(["completed", "failed", "stopped"]),
    rounds: round,
  }),
  goodbye: z.strictObject({ type: z.literal("goodbye"), code, message: z.string().max(2000) }),
};

const clientSchema = z.discriminatedUnion("type", [
  clientMessages.hello,
  clientMessages.join,
  clientMessages.taken,
  clientMessages.progress,
  clientMessages.declined,
  clientMessages.update,
  clientMessages.evaluated,
  clientMessages.leave,
]);

const serverSchema = z.discriminatedUnion("type", [
  serverMessages.welcome,
  serverMessages.order,
  serverMessages.evaluate,
  serverMessages.cancel,
  serverMessages.accepted,
  serverMessages.refused,
  serverMessages.finished,
  serverMessages.goodbye,
]);

/** Everything a client may say. */
export type ClientMessage = z.output<typeof clientSchema>;
/** Everything the coordinator may say. */
export type ServerMessage = z.output<typeof serverSchema>;
/** One message by its tag. */
export type MessageOf<Type extends (ClientMessage | ServerMessage)["type"]> = Extract<
  ClientMessage | ServerMessage,
  { type: Type }
>;
/** A published part as orders name it: its blob, the round it belongs to and how to read it. */
export type PublishedBlob = z.output<typeof published>;
/** What a device says of itself. */
export type DeviceFacts = z.output<typeof device>;
/** What a client must know of a run before it can take orders. */
export type RunSpec = z.output<typeof spec>;

/** Encodes a message; both transports carry exactly this text. */
export function encodeMessage(message: ClientMessage | ServerMessage): string {
  return JSON.stringify(message);
}

/**
 * Reads a client's message; a hello of another protocol is told apart before its other fields are looked at.
 *
 * @throws FedtuneError `message-invalid`, `protocol-version`
 */
export function parseClientMessage(text: unknown): ClientMessage {
  const json = jsonOf(text);
  checkProtocol(json);
  return parse(clientSchema, json);
}

/** @throws FedtuneError `message-invalid` */
export function parseServerMessage(text: unknown): ServerMessage {
  return parse(serverSchema, jsonOf(text));
}

const anyHello = z.looseObject({ type: z.literal("hello"), protocol: z.int() });

function checkProtocol(json: unknown): void {
  const isHello =
    typeof json === "object" && json !== null && Reflect.get(json, "type") === "hello";
  const hello = isHello ? anyHello.safeParse(json) : null;
  if (hello?.success !== true || hello.data.protocol === protocolVersion) return;
  const { protocol } = hello.data;
  const text = `Cannot talk protocol ${String(protocol)}, expected ${String(protocolVersion)}`;
  throw new FedtuneError("protocol-version", text, {
    data: { protocol, expected: protocolVersion },
  });
}

function parse<Schema extends z.ZodType>(schema: Schema, json: unknown): z.output<Schema> {
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const where =
    issue === undefined ? "" : ` at ${issue.path.map(String).join(".")}: ${issue.message}`;
  throw new FedtuneError("message-invalid", `Cannot read message${where}`);
}

function jsonOf(text: unknown): unknown {
  if (typeof text !== "string" || text.length > maxMessageLength) {
    throw new FedtuneError(
      "message-invalid",
      `Cannot read a message: wanted text of at most ${String(maxMessageLength)} characters`,
    );
  }
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new FedtuneError(
      "message-invalid",
      `Cannot read message ${text.slice(0, 80)}: wanted JSON`,
    );
  }
}
