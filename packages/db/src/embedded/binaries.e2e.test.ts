import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../test-support/temporary-folder.ts";
import { serverAccount } from "./account.ts";
import { findBinaries } from "./binaries.ts";

const folder = temporaryFolder();
const [root, place] = [join(folder, "home", "package"), join(folder, "lib")];
beforeAll(async () => {
  const { postgres } = await findBinaries(null);
  cpSync(join(dirname(postgres), "../.."), root, { recursive: true, verbatimSymlinks: true });
  mkdirSync(place);
  chmodSync(folder, 0o755);
  chmodSync(dirname(root), 0o700);
});

const account = serverAccount();
const versionBy = (program: string) =>
  execFileSync(program, ["--version"], { ...account, cwd: "/", encoding: "utf8" });

describe("the programs of the embedded Postgres", () => {
  it.skipIf(account === null)(
    "[ST18] are copied, once, out of a folder that their account may not enter (for root alone)",
    async () => {
      const found = await findBinaries(account, { root, place });
      expect(versionBy(found.postgres)).toMatch(/^postgres \(PostgreSQL\) \d+/);
      expect(versionBy(found.initdb)).toMatch(/^initdb/);
      expect(readdirSync(place)).toHaveLength(1);
      rmSync(join(root, "native/bin/initdb"));
      expect(await findBinaries(account, { root, place })).toEqual(found);
      expect(readdirSync(place)).toHaveLength(1);
    },
  );

  it("[ST18] are used where they are if they can be", async () => {
    const { postgres } = await findBinaries(null, { root, place });
    expect(postgres).toBe(join(root, "native/bin/postgres"));
  });
});
