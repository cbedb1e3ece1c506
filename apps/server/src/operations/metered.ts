/** Ports that count what goes through them. */
import { asFedtuneError } from "@fedtune/core";
import type { Clock, ServerTransport, ServerTransportEvents, Store } from "@fedtune/core";
import { messageType } from "./metric-labels.ts";
import type { Figures } from "./metrics.ts";

/** A store whose calls are timed by name and outcome. */
export function meteredStore(store: Store, figures: Figures, clock: Clock): Store {
  const calls = Object.entries(store) as [string, (...values: unknown[]) => Promise<unknown>][];
  const timed = calls.map(([call, work]) => [
    call,
    async (...values: unknown[]): Promise<unknown> => {
      const start = clock.now();
      let outcome = "ok";
      try {
        return await work(...values);
      } catch (error) {
        outcome = asFedtuneError(error).code;
        throw error;
      } finally {
        figures.storeSeconds.observe({ call, outcome }, (clock.now() - start) / 1000);
      }
    },
  ]);
  return Object.fromEntries(timed) as Store;
}

/** A run's transport that counts messages by type and bytes by direction. */
export function meteredTransport(transport: ServerTransport, figures: Figures): ServerTransport {
  return {
    listen(events) {
      transport.listen(meteredEvents(events, figures));
    },
    send(connection, message) {
      figures.messages.inc({ direction: "down", type: messageType(message) });
      transport.send(connection, message);
    },
    disconnect: (connection) => {
      transport.disconnect(connection);
    },
    close: () => transport.close(),
  };
}

function meteredEvents(events: ServerTransportEvents, figures: Figures): ServerTransportEvents {
  return {
    ...events,
    message(connection, text) {
      figures.messages.inc({ direction: "up", type: messageType(text) });
      events.message(connection, text);
    },
    async upload(connection, slot, blob) {
      figures.bytes.inc({ direction: "up" }, blob.bytes.length);
      try {
        await events.upload(connection, slot, blob);
        figures.uploads.inc({ outcome: "taken" });
      } catch (error) {
        figures.uploads.inc({ outcome: asFedtuneError(error).code });
        throw error;
      }
    },
    async download(connection, hash) {
      const bytes = await events.download(connection, hash);
      figures.bytes.inc({ direction: "down" }, bytes.length);
      return bytes;
    },
  };
}

/** Names and meanings of all figures, for the documentation. */
export async function metricsTable(registry: {
  getMetricsAsJSON(): Promise<
    readonly { readonly name: string; readonly help: string; readonly type: unknown }[]
  >;
}): Promise<string> {
  const rows = (await registry.getMetricsAsJSON())
    .filter(({ name }) => name.startsWith("fedtune_"))
    .map(({ name, help, type }) => `| \`${name}\` | ${String(type)} | ${help} |`);
  return ["| figure | kind | meaning |", "| --- | --- | --- |", ...rows].join("\n");
}
