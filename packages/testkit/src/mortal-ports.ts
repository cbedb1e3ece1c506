/** A coordinator's ports under a verdict: at every call, before and after it, the process may die, fail or hang. */
import { FedtuneError } from "@fedtune/core";
import type { Blobs, ServerTransport, ServerTransportEvents, Store } from "@fedtune/core";

/** One moment of one call to a port. */
export interface CallPoint {
  readonly port: "store" | "blobs" | "transport";
  readonly call: string;
  readonly moment: "before" | "after";
}

/** What happens at a point; `fail` and `hang` do nothing to a transport, whose calls have no outcome. */
export type Verdict = "go" | "die" | "fail" | "hang";

/** The ports that a coordinator's outcome depends on. */
export interface LifePorts {
  readonly store: Store;
  readonly blobs: Blobs;
  readonly transport: ServerTransport;
}

/** A process' life as its ports see it. */
export interface MortalPorts extends LifePorts {
  /** Resolves when it dies. */
  readonly died: Promise<void>;
  isAlive(): boolean;
  /** Ends it now, as `kill -9` would: none of its calls reaches a port any more, and nothing reaches it. */
  kill(): void;
}

interface Life {
  readonly died: Promise<void>;
  isAlive(): boolean;
  kill(): void;
  /** Asks for the verdict at a point; a dead process has none. */
  at(point: CallPoint): Verdict;
}

/** Puts a life around ports. A call that dies before it is not made; one that dies after it is made and never answered. */
export function mortalPorts(
  ports: LifePorts,
  verdict: (point: CallPoint) => Verdict = () => "go",
): MortalPorts {
  const life = newLife(verdict);
  return {
    ...{ died: life.died, isAlive: life.isAlive, kill: life.kill },
    store: mortalCalls(ports.store, { life, port: "store" }),
    blobs: mortalCalls(ports.blobs, { life, port: "blobs" }),
    transport: mortalTransport(ports.transport, life),
  };
}

function newLife(verdict: (point: CallPoint) => Verdict): Life {
  let alive = true;
  let end: () => void = () => undefined;
  const died = new Promise<void>((resolve) => (end = resolve));
  const kill = (): void => {
    alive = false;
    end();
  };
  return {
    died,
    kill,
    isAlive: () => alive,
    at(point) {
      if (!alive) return "die";
      const found = verdict(point);
      if (found === "die") kill();
      return found;
    },
  };
}

type AnyCall = (...given: readonly unknown[]) => Promise<unknown>;

function mortalCalls<Port extends object>(
  port: Port,
  { life, port: name }: { readonly life: Life; readonly port: "store" | "blobs" },
): Port {
  const around =
    (call: string, work: AnyCall): AnyCall =>
    async (...given) => {
      await obey(life, { port: name, call, moment: "before" });
      const result = await work(...given);
      await obey(life, { port: name, call, moment: "after" });
      return result;
    };
  const calls = Object.entries(port as Record<string, AnyCall>).map(
    ([call, work]) => [call, around(call, work)] as const,
  );
  return Object.fromEntries(calls) as unknown as Port;
}

/** Goes on, throws, or never returns. */
async function obey(life: Life, point: CallPoint): Promise<void> {
  const verdict = life.at(point);
  if (verdict === "go") return;
  if (verdict !== "fail") return new Promise(() => undefined);
  const message = `Cannot ${point.call}: the disk is full (${point.moment} it was done)`;
  throw new FedtuneError("storage-failed", message);
}

function mortalTransport(transport: ServerTransport, life: Life): ServerTransport {
  const around = (call: string, work: () => void): void => {
    if (!life.isAlive() || life.at({ port: "transport", call, moment: "before" }) === "die") return;
    work();
    life.at({ port: "transport", call, moment: "after" });
  };
  return {
    listen(events) {
      transport.listen(mortalEvents(events, life));
    },
    send(connection, message) {
      around("send", () => {
        transport.send(connection, message);
      });
    },
    disconnect(connection) {
      around("disconnect", () => {
        transport.disconnect(connection);
      });
    },
    close: () => transport.close(),
  };
}

/** Nothing reaches a dead process; what waits for its answer hears that the connection is gone. */
function mortalEvents(events: ServerTransportEvents, life: Life): ServerTransportEvents {
  const gone = life.died.then(() => {
    throw new FedtuneError("transport-closed", "Cannot reach the coordinator: it is dead");
  });
  gone.catch(() => undefined);
  return {
    message(connection, text) {
      if (life.isAlive()) events.message(connection, text);
    },
    closed(connection) {
      if (life.isAlive()) events.closed(connection);
    },
    uploading(connection, slot) {
      if (life.isAlive()) events.uploading?.(connection, slot);
    },
    upload: (connection, slot, blob) =>
      life.isAlive() ? Promise.race([events.upload(connection, slot, blob), gone]) : gone,
    download: (connection, hash) =>
      life.isAlive() ? Promise.race([events.download(connection, hash), gone]) : gone,
  };
}
