import { describe, expect, it } from "vitest";
import { joiningOf } from "./join-link.ts";

describe("where a client joins", () => {
  it("is an address alone, or with a run and a token", () => {
    const url = "http://localhost:8470";
    expect(joiningOf({ server: `${url}/` })).toEqual({ url, run: null, token: null });
    expect(joiningOf({ server: url, run: "a" })).toEqual({ url, run: "a", token: null });
    expect(joiningOf({ server: url, run: "a", token: "fte_x" })).toMatchObject({ token: "fte_x" });
  });

  it("[SE4] may be a link that names all of them; options are stronger", () => {
    const server = "https://host/join/clinics#token=fte_x";
    const joining = { url: "https://host", run: "clinics", token: "fte_x" };
    expect(joiningOf({ server })).toEqual(joining);
    expect(joiningOf({ server, token: "fte_y" })).toEqual({ ...joining, token: "fte_y" });
    expect(joiningOf({ link: server })).toEqual(joining);
    expect(joiningOf({ server: "https://host/join/clinics" })).toEqual({ ...joining, token: null });
  });

  it("is given once", () => {
    const both = { link: "https://host/join/a#token=fte_secret", server: "https://host" };
    for (const place of [{}, both]) {
      expect(() => joiningOf(place)).toThrow(/wanted a join link or --server/);
      expect(() => joiningOf(place)).not.toThrow(/secret/);
    }
  });

  it("refuses a name that no run has, and a token for no run, without showing the token", () => {
    expect(() => joiningOf({ server: "https://host/join/../x" })).toThrow(/wanted one like/);
    expect(() => joiningOf({ server: "https://host", token: "fte_secret" })).toThrow(
      /wanted --run/,
    );
    expect(() => joiningOf({ server: "https://host", token: "fte_secret" })).not.toThrow(/secret/);
  });
});
