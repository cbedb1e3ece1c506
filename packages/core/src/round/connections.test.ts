import { describe, expect, it } from "vitest";
import { clientId } from "../ids.ts";
import { connectionTable } from "./connections.ts";

describe("connections", () => {
  const client = clientId("ada");

  it("the newest connection of a client is the one that counts", () => {
    const table = connectionTable();
    expect(table.add({ connection: "a", client, index: 0 })).toBeNull();
    expect(table.add({ connection: "b", client, index: 0 })?.connection).toBe("a");
    expect([table.byConnection("a"), table.byIndex(0)?.connection]).toEqual([undefined, "b"]);
    expect(table.remove("a")).toBeNull();
    expect(table.byIndex(0)?.connection).toBe("b");
  });

  it("[RE12] a connection that ends while it is enrolled is not there any more", () => {
    const table = connectionTable();
    table.greet("a");
    expect(table.isThere("a")).toBe(true);
    table.remove("a");
    expect(table.isThere("a")).toBe(false);
  });
});
