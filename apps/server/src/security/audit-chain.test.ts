import { nodeHash } from "@fedtune/testkit";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { auditHash, chainStart, firstFault } from "./audit-chain.ts";
import type { AuditEvent } from "./audit-chain.ts";

/** A log of so many events. */
function log(length: number): AuditEvent[] {
  const events: AuditEvent[] = [];
  for (let i = 0; i < length; i++) {
    const content = {
      sequence: i + 1,
      at: new Date(Date.UTC(2026, 0, 1) + i),
      actor: i % 3 === 0 ? "system" : "operator:ada",
      action: "token.created",
      subject: `run:${i % 2}`,
      data: { name: `token ${i % 4}`, scopes: 2, isOpen: i % 2 === 0, expires: null },
      previous: events.at(-1)?.hash ?? chainStart.hash,
    };
    events.push({ ...content, hash: auditHash(content, nodeHash) });
  }
  return events;
}

const fault = (events: readonly AuditEvent[]) => firstFault(events, chainStart, nodeHash);
const places = fc.integer({ min: 0, max: 18 });

describe("the chain of the audit log", () => {
  it("[SE9] is whole as it was written, and from any place on", () => {
    const events = log(20);
    expect(fault(events)).toBeNull();
    expect(firstFault(events.slice(7), events[6]!, nodeHash)).toBeNull();
    expect(firstFault(events.slice(7), events[5]!, nodeHash)).toEqual({
      sequence: 7,
      problem: "missing",
    });
  });

  it.each<[string, Partial<AuditEvent>]>([
    ["actor", { actor: "operator:eve" }],
    ["action", { action: "token.revoked" }],
    ["subject", { subject: "run:other" }],
    ["data", { data: {} }],
    ["time", { at: new Date(0) }],
    ["hash", { hash: "f".repeat(64) }],
  ])("[SE9] shows an event whose %s was edited", (_, edit) => {
    fc.assert(
      fc.property(places, (at) => {
        const events = log(20).map((event, i) => (i === at ? { ...event, ...edit } : event));
        expect(fault(events)).toEqual({ sequence: at + 1, problem: "edited" });
      }),
    );
  });

  it("[SE9] shows an event that was edited and given its new hash", () => {
    fc.assert(
      fc.property(places, (at) => {
        const events = log(20);
        const edited = { ...events[at]!, actor: "operator:eve" };
        events[at] = { ...edited, hash: auditHash(edited, nodeHash) };
        expect(fault(events)).toEqual({ sequence: at + 2, problem: "unlinked" });
      }),
    );
  });

  it("[SE9] shows events that changed places, with their numbers or without", () => {
    fc.assert(
      fc.property(places, (at) => {
        const events = log(20);
        const [one, other] = [events[at]!, events[at + 1]!];
        const swapped = events.with(at, other).with(at + 1, one);
        expect(fault(swapped)).toEqual({ sequence: at + 1, problem: "missing" });
        const renumbered = swapped.map((event, i) => ({ ...event, sequence: i + 1 }));
        expect(fault(renumbered)).toMatchObject({ sequence: at + 1 });
      }),
    );
  });

  it("[SE9] shows that events are missing, even when the others are numbered anew", () => {
    fc.assert(
      fc.property(places, fc.integer({ min: 1, max: 5 }), (at, count) => {
        const events = log(20);
        const rest = events.toSpliced(at, Math.min(count, 19 - at));
        expect(fault(rest)).toEqual({ sequence: at + 1, problem: "missing" });
        const renumbered = rest.map((event, i) => ({ ...event, sequence: i + 1 }));
        expect(fault(renumbered)).toMatchObject({ sequence: at + 1 });
      }),
    );
  });
});
