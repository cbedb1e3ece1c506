/** How a network inside one process treats messages and blobs. */
import type { Clock, Hash } from "../ports.ts";

/** What happens to one message: the delays at which copies arrive; an empty list loses it. */
export type Fate = readonly number[];

/** One message on its way. */
export interface Passage {
  readonly direction: "up" | "down";
  /** The name that the client's end was made with. */
  readonly name: string;
  readonly message: string;
}

/** One blob on its way. */
export interface Transfer {
  readonly direction: "up" | "down";
  /** The name that the client's end was made with. */
  readonly name: string;
  readonly bytes: number;
}

/** How the network behaves. */
export interface MemoryNetworkOptions {
  readonly clock: Clock;
  /** Decides each message's fate; by default it arrives once, at once. */
  readonly fate?: (passage: Passage) => Fate;
  /** Milliseconds that a blob takes; by default none. A cut connection breaks it off. */
  readonly transferMs?: (transfer: Transfer) => number;
  /** Milliseconds until a cut connection is open again. */
  readonly reconnectMs?: number;
  /** Hands over with every message what it encodes, so that a receiver may leave its text unread; false unless given. */
  readonly handsOver?: boolean;
  /** Re-hashes every blob that is received; without it bytes are hashed once, by their sender. */
  readonly verify?: Hash;
}
