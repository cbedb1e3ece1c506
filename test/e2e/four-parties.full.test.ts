/** Two tabs and two Node clients in one run, on a Postgres of this machine. */
import { chromiumPath, withoutChromium } from "@fedtune/testkit/chromium";
import { expect, it } from "vitest";
import {
  realPostgresBin,
  realPostgresTitle,
  startRealPostgres,
} from "../../packages/db/src/test-support/servers.ts";
import { workFolder } from "./support/fedtune.ts";
import { playFourParties } from "./support/four-parties.ts";

const folder = workFolder();
const isThere = chromiumPath() !== null && realPostgresBin !== null;

it.skipIf(!isThere)(
  `[WP15] [CI5] two tabs and two Node clients finish a run on ${realPostgresTitle} with the accuracy of its simulation${chromiumPath() === null ? ` (${withoutChromium})` : ""}`,
  async () => {
    const postgres = await startRealPostgres();
    try {
      await playFourParties(folder, postgres.url);
    } finally {
      await postgres.stop();
    }
    expect.hasAssertions();
  },
);
