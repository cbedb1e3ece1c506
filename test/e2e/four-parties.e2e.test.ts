/** Two tabs and two Node clients in one run; on a Postgres of this machine in the full tests. */
import { chromiumPath, withoutChromium } from "@fedtune/testkit/chromium";
import { expect, it } from "vitest";
import { workFolder } from "./support/fedtune.ts";
import { playFourParties } from "./support/four-parties.ts";

const folder = workFolder();
const isThere = chromiumPath() !== null;

it.skipIf(!isThere)(
  `[WP15] [CI5] [AD8] two tabs and two Node clients finish a run with the accuracy of its simulation, and its adapter measures the same from the command line${isThere ? "" : ` (${withoutChromium})`}`,
  async () => {
    await playFourParties(folder, null);
    expect.hasAssertions();
  },
);
