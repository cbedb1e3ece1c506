/** A transport that tells what goes over it. */
import { isFedtuneError, parseServerMessage } from "@fedtune/core";
import type { ClientTransport, ClientTransportEvents, ServerMessage } from "@fedtune/core";
import type { Observer, Sightings } from "./observer.ts";

/** How a transport is watched. */
export interface TransportWatch {
  readonly observer: Observer;
  readonly sightings: Sightings;
  /** Whether the client loop's farewell is kept back: a tab that stops is not a device that leaves. */
  readonly isQuiet: () => boolean;
  /** Whether this device adds noise in the run. */
  readonly addsNoise: () => boolean;
}

/** Watches a transport; what it carries is unchanged, but for the farewell of a tab that stops. */
export function observedTransport(inner: ClientTransport, watch: TransportWatch): ClientTransport {
  const { observer, isQuiet } = watch;
  const messages = messageCount(observer);
  const see = sight(watch);
  return {
    async open(events, signal) {
      link(observer, "connecting");
      await inner.open(observedEvents(events, { observer, messages, see }), signal);
      link(observer, "live");
    },
    send(message) {
      if (isQuiet() && message.startsWith('{"type":"leave"')) return;
      messages.up(message);
      inner.send(message);
    },
    async download(ref, signal) {
      const began = observer.now();
      const bytes = await inner.download(ref, signal);
      const { round } = watch.sightings;
      const at = observer.now();
      const seconds = (at - began) / 1000;
      if (round !== null)
        observer.tell({ type: "received", round, bytes: bytes.length, seconds, at });
      return bytes;
    },
    upload: (slot, blob, signal) => uploaded(inner, watch, { slot, blob, signal }),
    async close() {
      messages.flush();
      await inner.close();
      link(observer, "none");
    },
  };
}

interface Watched {
  readonly observer: Observer;
  readonly messages: MessageCount;
  readonly see: (message: ServerMessage) => void;
}

function observedEvents(
  events: ClientTransportEvents,
  { observer, messages, see }: Watched,
): ClientTransportEvents {
  return {
    message(text) {
      messages.down(text);
      link(observer, "live");
      const message = readable(text);
      if (message !== null) see(message);
      events.message(text);
    },
    disconnected() {
      messages.flush();
      observer.tell({ type: "away", because: "offline", at: observer.now() });
      link(observer, "reconnecting");
      events.disconnected();
    },
    reconnected() {
      link(observer, "live");
      events.reconnected();
    },
  };
}

function link(observer: Observer, state: "none" | "connecting" | "live" | "reconnecting"): void {
  observer.tell({ type: "link", link: state, at: observer.now() });
}

type Upload = Parameters<ClientTransport["upload"]>;

async function uploaded(
  inner: ClientTransport,
  { observer, sightings }: TransportWatch,
  { slot, blob, signal }: { slot: Upload[0]; blob: Upload[1]; signal: Upload[2] },
): Promise<void> {
  const { round } = slot;
  const bytes = blob.bytes.length;
  observer.tell({ type: "sending", round, bytes, at: observer.now() });
  try {
    await inner.upload(slot, blob, signal);
    observer.tell({ type: "sent", round, at: observer.now() });
  } catch (error) {
    if (isFedtuneError(error)) sightings.codes.set(round, error.code);
    throw error;
  }
}

/** What cannot be read ends the session by itself. */
function readable(text: string): ServerMessage | null {
  try {
    return parseServerMessage(text);
  } catch {
    return null;
  }
}

/** What of the coordinator's messages a session's report is made from. */
function sight({ observer, sightings, addsNoise }: TransportWatch): Watched["see"] {
  let ordered = "";
  return (message) => {
    const at = observer.now();
    switch (message.type) {
      case "order": {
        const { round, attempt, deadlineMs } = message;
        const name = `${round} ${attempt}`;
        sightings.round = round;
        // An order is sent again after a lost connection.
        if (name === ordered) return;
        ordered = name;
        observer.tell({
          ...{ type: "ordered", round, attempt, deadlineMs, at },
          addsNoise: addsNoise(),
        });
        return;
      }
      case "refused":
        sightings.codes.set(message.round, message.code);
        return;
      case "cancel":
        ordered = "";
        observer.tell({ type: "called-off", round: message.round, code: message.code, at });
        return;
      case "finished":
        observer.tell({ type: "ended", rounds: message.rounds, at });
        return;
      default:
        return;
    }
  };
}

interface MessageCount {
  up(text: string): void;
  down(text: string): void;
  flush(): void;
}

/** Control messages that are told of together: so many, or when a connection ends. */
const MESSAGES_TOGETHER = 20;

function messageCount(observer: Observer): MessageCount {
  const encoder = new TextEncoder();
  let [up, down, count] = [0, 0, 0];
  const flush = (): void => {
    if (count > 0) observer.tell({ type: "messages", bytesUp: up, bytesDown: down });
    [up, down, count] = [0, 0, 0];
  };
  const one = (): void => {
    count += 1;
    if (count >= MESSAGES_TOGETHER) flush();
  };
  return {
    up(text) {
      up += encoder.encode(text).length;
      one();
    },
    down(text) {
      down += encoder.encode(text).length;
      one();
    },
    flush,
  };
}
