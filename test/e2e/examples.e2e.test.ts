/** The files in examples/ do what their first lines say, with the smallest base model and one round. */
import { join } from "node:path";
import { expect, it } from "vitest";
import { root } from "../support/repository.ts";
import { small, tinyBert } from "./support/data.ts";
import { serve, takePart } from "./support/federation.ts";
import { fedtune, resultOf, workFolder } from "./support/fedtune.ts";

const folder = workFolder();
const example = (name: string): string => join(root, "examples", name);

it("[CI6] [SI5] household.yaml simulates the four people of the built-in set", async () => {
  const outcome = await fedtune(
    ...["simulate", "--config", example("household.yaml"), "--rounds", "1", ...small, "--json"],
  );
  expect(outcome.code).toBe(0);
  expect(resultOf(outcome)).toMatchObject({
    run: "household",
    status: "completed",
    shares: { rows: 1600 },
    rounds: [{ round: 0 }, { round: 1, sampled: 4, accepted: 4 }],
  });
});

it("[CI5] federation.yaml serves a run for three named clients and no other", async () => {
  const served = await serve(
    ...["--config", example("federation.yaml"), "--data-dir", join(folder, "data")],
    ...["--rounds", "1", "--model", tinyBert],
  );
  const client = (name: string, person: number) =>
    takePart(
      served,
      { name, file: "household-intents", stateDir: join(folder, "state") },
      ...["--where", `client=${String(person)}`],
    );
  const stranger = await client("east", 3).ended;
  expect([stranger.code, stranger.stderr]).toEqual([4, expect.stringContaining("unknown-client")]);
  const clients = ["north", "south", "west"].map(client);
  expect(resultOf(await served.ended)).toMatchObject({
    run: "federation",
    status: "completed",
    rounds: [{ round: 1, accepted: 3 }],
  });
  for (const { ended } of clients) expect((await ended).code).toBe(0);
});
