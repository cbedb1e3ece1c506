import { runId } from "@fedtune/core";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readJoinLink, writeJoinLink } from "./join-link.ts";

const alphabet = fc.constantFrom("a", "z", "A", "Z", "0", "9", "_", "-");

describe("a join link", () => {
  it("[SE4] is read as it was written", () => {
    const link = fc.record({
      url: fc.constantFrom("https://lab.example", "http://127.0.0.1:7777", "https://[::1]:8443"),
      run: fc.array(alphabet, { maxLength: 20 }).map((rest) => runId(`r${rest.join("")}`)),
      token: fc.option(
        fc.array(alphabet, { minLength: 1, maxLength: 60 }).map((all) => all.join("")),
      ),
    });
    fc.assert(
      fc.property(link, (one) => {
        expect(readJoinLink(writeJoinLink(one))).toEqual(one);
      }),
    );
  });

  it("[SE4] has its token where no server sees it", () => {
    const link = writeJoinLink({ url: "https://lab.example", run: runId("toy"), token: "fte_x" });
    expect(link).toBe("https://lab.example/join/toy#token=fte_x");
    const { pathname, search } = new URL(link);
    expect(pathname + search).toBe("/join/toy");
  });

  it.each([
    "",
    "https://lab.example",
    "https://lab.example/join",
    "https://lab.example/join/#token=fte_x",
    "https://lab.example/join/toy/file#token=fte_x",
    "https://lab.example/join/toy?token=fte_x",
    "https://lab.example/join/toy?x=1#token=fte_x",
    "https://lab.example/#run=toy&token=fte_x",
    "ftp://lab.example/join/toy#token=fte_x",
    "lab.example/join/toy#token=fte_x",
    "https://user@lab.example/join/toy#token=fte_x",
    "https://lab.example\\@evil.example/join/toy#token=fte_x",
    "https://lab.example/join/..#token=fte_x",
    "https://lab.example/join/%2e%2e#token=fte_x",
    "https://lab.example/join/toy#",
    "https://lab.example/join/toy#token=",
    "https://lab.example/join/toy#token=fte_x&token=fte_y",
    "https://lab.example/join/toy#token=fte_x=y",
    "https://lab.example/join/toy#token=fte_x&admin=1",
    "https://lab.example/join/toy#token=fte_x#token=fte_y",
    "javascript:alert(1)//lab.example/join/toy#token=fte_x",
  ])("[SE7] is refused as %j, without its token being repeated", (text) => {
    const read = () => readJoinLink(text);
    expect(read).toThrow(expect.objectContaining({ code: "usage" }));
    expect(read).not.toThrow(/fte_x/);
  });
});
