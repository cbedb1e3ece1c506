/**
 * A coordinator process of a cluster that serves toy runs; a test starts it and reads its lines.
 *
 * node --import tsx --conditions=@fedtune/source member.ts '{"url":…,"blobs":…,"self":…,"leaseMs":…,"run":…}'
 */
import { openDatabase, postgresStore } from "@fedtune/db";
import { nodeClock } from "@fedtune/node-ports";
import { openFolderBlobs } from "../../folder-blobs.ts";
import { toySetup } from "../../test-support/toy-run.ts";
import type { ToyConfig } from "../../test-support/toy-run.ts";
import { openBus } from "../bus.ts";
import { joinCluster } from "../cluster.ts";
import { leaseTable } from "../lease-table.ts";
import { openWire } from "../open-wire.ts";
import { relayMember } from "./relay-member.ts";

/** What a member is told. */
export interface MemberOptions {
  readonly url: string;
  /** `redis://...`; null: over the database. */
  readonly relayUrl: string | null;
  readonly blobs: string;
  readonly self: string;
  readonly leaseMs: number;
  readonly run: ToyConfig;
}

/** A line of a member. */
export type MemberLine =
  | { readonly event: "listening"; readonly port: number }
  | { readonly event: "taken" }
  | { readonly event: "committed"; readonly round: number }
  | { readonly event: "ended"; readonly status: string; readonly code: string | null }
  | { readonly event: "failed"; readonly what: string; readonly message: string }
  | { readonly event: "closed" };

const options = JSON.parse(process.argv[2] ?? "") as MemberOptions;
const say = (line: MemberLine): void => {
  process.stdout.write(`${JSON.stringify(line)}\n`);
};
const failed = (what: string, error: unknown): void => {
  say({ event: "failed", what, message: String(error) });
};

const setup = toySetup(options.run);
const database = openDatabase(options.url);
const blobs = await openFolderBlobs(options.blobs);
const member = await relayMember(blobs, postgresStore(database));
const { self, relayUrl } = options;
const wire = await openWire({
  ...{ relayUrl, pool: database.pool, self, clock: nodeClock },
  failed: (error) => {
    failed("the wire", error);
  },
});
const bus = openBus({
  ...{ wire, clock: nodeClock },
  failed: (error) => {
    failed("a message", error);
  },
});
const cluster = joinCluster({
  ...{ bus, blobs, failed, hub: member.hub, clock: nodeClock, leaseMs: options.leaseMs },
  table: leaseTable(database.pool, options.self),
  async open() {
    say({ event: "taken" });
    const listener = {
      roundCommitted: ({ round }: { round: number }) => {
        say({ event: "committed", round });
      },
    };
    return member.runs.open({ setup, listener });
  },
  ended: (_run, { status, failure }) => {
    say({ event: "ended", status, code: failure?.code ?? null });
  },
});
member.lines.add = (...line) => cluster.relay.add(...line);
await cluster.start();
say({ event: "listening", port: member.port });

process.once("SIGTERM", () => {
  void leave();
});

async function leave(): Promise<void> {
  await cluster.close();
  await member.close();
  await bus.close();
  await database.close();
  say({ event: "closed" });
}
