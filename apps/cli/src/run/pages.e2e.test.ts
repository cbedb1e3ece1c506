/** The pages of a coordinator: built once, in place of an older build, from another host, or not at all. */
import type { Pages } from "@fedtune/server";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openPages } from "./pages.ts";

let folder: string;
let notes: string[];
const io = { note: (line: string) => void notes.push(line), onExit: () => () => undefined };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fedtune-web-"));
  notes = [];
});
afterEach(() => rm(folder, { recursive: true }));

const wanted = { pages: true, pagesOrigin: null };

/** Puts built pages where a web app has them. */
async function site(title: string): Promise<void> {
  const built = join(folder, "dist", "site");
  await mkdir(built, { recursive: true });
  for (const name of ["app.html", "join.html"]) await writeFile(join(built, name), title);
}

/** A web app's build of its own: what it does when it is fresh or not. */
const builder = (isFresh: boolean, main: string): Promise<void> =>
  writeFile(
    join(folder, "build.mjs"),
    `import { mkdirSync, writeFileSync } from "node:fs";
     export const isFresh = () => Promise.resolve(${String(isFresh)});
     const site = new URL("dist/site/", import.meta.url);
     if (process.argv[1] === import.meta.filename) { ${main} }`,
  );

/** The document of pages that are there. */
function documentOf(pages: (() => Pages) | null): string {
  const now = pages?.();
  if (now?.state !== "ready") throw new Error(`wanted pages, not ${String(now?.state)}`);
  return Buffer.from(now.site.app.bytes).toString();
}

describe("the pages of a coordinator", () => {
  it("are not there when they are not wanted", async () => {
    const { pages, settled } = openPages({ ...wanted, pages: false }, io, folder);
    expect([pages, await settled]).toEqual([null, null]);
  });

  it("may be on another host", async () => {
    const pagesOrigin = "https://pages.example";
    const { pages, settled } = openPages({ ...wanted, pagesOrigin }, io, folder);
    expect(pages?.()).toEqual({ state: "elsewhere", origin: pagesOrigin });
    expect(await settled).toBe("elsewhere");
  });

  it("of an installed package are used as they are", async () => {
    await site("installed");
    const { pages, settled } = openPages(wanted, io, folder);
    expect([await settled, notes]).toEqual(["ready", []]);
    expect(documentOf(pages)).toBe("installed");
  });

  it("of a clone are used as they are when they are of today's sources", async () => {
    await site("fresh");
    await builder(true, "throw new Error('built for nothing')");
    const { pages, settled } = openPages(wanted, io, folder);
    expect([await settled, notes]).toEqual(["ready", []]);
    expect(documentOf(pages)).toBe("fresh");
  });

  it("of a clone are built when they are not, without secrets, and said to be under way", async () => {
    await site("old");
    await builder(
      false,
      `process.stderr.write("Building the pages\\nnoise\\n");
       for (const name of ["app.html", "join.html"])
         writeFileSync(new URL(name, site), "new " + (process.env.FEDTUNE_ADMIN_PASSWORD ?? ""));
       process.stderr.write("Built the pages in 3 s\\n");`,
    );
    process.env["FEDTUNE_ADMIN_PASSWORD"] = "canary";
    try {
      const { pages, settled } = openPages(wanted, io, folder);
      expect(pages?.()).toEqual({ state: "building" });
      expect(await settled).toBe("ready");
      expect(documentOf(pages)).toBe("new ");
      expect(notes).toEqual(["Building the pages", "Built the pages in 3 s"]);
    } finally {
      delete process.env["FEDTUNE_ADMIN_PASSWORD"];
    }
  });

  it.each([
    ["process.exit(3)", "Vite is not installed; run npm ci in the clone"],
    ["process.stderr.write('main.tsx:3:4: expected a comma\\n'); process.exit(1)", "main.tsx:3:4"],
    ["process.exit(1)", "the build ended without a word"],
  ])(
    "that cannot be built (%s) are missing, with the reason, or those of before",
    async (main, why) => {
      await builder(false, main);
      const without = openPages(wanted, io, folder);
      expect(await without.settled).toBe("missing");
      expect(JSON.stringify(without.pages?.())).toContain(why);
      expect(notes.join()).toContain(why);
      await site("old");
      const { pages, settled } = openPages(wanted, io, folder);
      expect(await settled).toBe("ready");
      expect(documentOf(pages)).toBe("old");
    },
  );

  it("that are not installed at all are missing", async () => {
    const { pages, settled } = openPages(wanted, io, null);
    expect(await settled).toBe("missing");
    expect(JSON.stringify(pages?.())).toContain("@fedtune/client-web");
  });

  it("stop being built when the coordinator leaves", async () => {
    await builder(false, "setTimeout(() => writeFileSync(new URL('late', site), ''), 60_000);");
    const { settled, close } = openPages(wanted, io, folder);
    // The build is a process by now, or will not become one.
    await new Promise((resolve) => setImmediate(resolve));
    close();
    expect(await settled).toBe("missing");
    expect(notes).toEqual([]);
    expect(await readdir(folder)).toEqual(["build.mjs"]);
  });
});
