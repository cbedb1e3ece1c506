import { readSettings } from "@fedtune/server";
import { describe, expect, it } from "vitest";
import { shownUrl } from "./addresses.ts";

describe("the address that people open", () => {
  const at = (host: string) => ({ host, port: 8470, url: `http://${host}:8470` });
  const shown = (value: Record<string, unknown>, host: string) =>
    shownUrl(readSettings({ file: { value, place: () => null } }), at(host));

  it.each([
    [{}, "127.0.0.1", "http://127.0.0.1:8470"],
    [{}, "10.0.0.5", "http://10.0.0.5:8470"],
    [{}, "0.0.0.0", "http://localhost:8470"],
    [{}, "::", "http://localhost:8470"],
    [{ allowedHosts: ["fl.example"] }, "0.0.0.0", "http://fl.example:8470"],
    [{ allowedHosts: ["fl.example"], trustProxy: 1 }, "127.0.0.1", "https://fl.example"],
    [
      { allowedHosts: ["fl.example"], tls: { cert: "c", key: "k" } },
      "0.0.0.0",
      "https://fl.example:8470",
    ],
  ])("of %j on %s is %s", (settings, host, url) => {
    expect(shown(settings, host)).toBe(url);
  });
});
