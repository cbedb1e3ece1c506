import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { experimentJsonSchema } from "../test-support/experiment-schema.ts";

const file = fileURLToPath(new URL("../../../../docs/experiment.schema.json", import.meta.url));

it("docs/experiment.schema.json is that of the schema (UPDATE_DOCS=1 and npm run format write it anew)", () => {
  const wanted = experimentJsonSchema();
  if (process.env["UPDATE_DOCS"] === "1")
    writeFileSync(file, `${JSON.stringify(wanted, null, 2)}\n`);
  expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(JSON.parse(JSON.stringify(wanted)));
});
