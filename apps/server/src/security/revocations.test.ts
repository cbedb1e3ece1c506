import { clientId, runId } from "@fedtune/core";
import { describe, expect, it } from "vitest";
import { revocations, shareRevocations } from "./revocations.ts";
import type { Revocation, RevocationBus } from "./revocations.ts";

const ada: Revocation = { kind: "client", run: runId("toy"), client: clientId("ada") };
const all: Revocation[] = [ada, { kind: "operator", name: "eve" }, { kind: "token", id: "1" }];

/** Processes on one bus: each hears what the others publish, as JSON. */
function processes(count: number) {
  const heard = new Map<number, (from: string, message: unknown) => void>();
  const published: string[] = [];
  const busOf = (self: number): RevocationBus => ({
    publish(_to, topic, message) {
      published.push(topic);
      for (const [other, listener] of heard) {
        if (other !== self) listener(String(self), JSON.parse(JSON.stringify(message)));
      }
    },
    subscribe: (_topic, listener) => void heard.set(self, listener.heard),
  });
  const each = Array.from({ length: count }, (_, self) => {
    const told = revocations();
    const seen: Revocation[] = [];
    told.listen((revocation) => seen.push(revocation));
    shareRevocations(told, busOf(self));
    return { told, seen };
  });
  return { each, published, heard };
}

describe("revocations", () => {
  it("[SE6] are told to every listener until it stops listening", () => {
    const told = revocations();
    const seen: Revocation[] = [];
    const stop = told.listen((revocation) => seen.push(revocation));
    told.tell(ada);
    stop();
    told.tell(ada);
    expect(seen).toEqual([ada]);
  });

  it("[SE6] reach every process once, and are not passed on for ever", () => {
    const { each, published } = processes(3);
    for (const revocation of all) each[0]!.told.tell(revocation);
    expect(published).toHaveLength(3);
    for (const { seen } of each) expect(seen).toEqual(all);
  });

  it.each([null, {}, { kind: "all" }, { ...ada, run: "../x" }, { ...ada, more: 1 }])(
    "%j of another process is no revocation",
    (message) => {
      const { each, heard } = processes(1);
      expect(() => heard.get(0)?.("other", message)).toThrow(
        expect.objectContaining({ code: "message-invalid" }),
      );
      expect(each[0]!.seen).toEqual([]);
    },
  );
});
