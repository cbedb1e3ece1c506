/** Crash points over a database: the one that fedtune brings, or a Postgres of this machine. */
import pg from "pg";
import { afterAll, beforeAll, describe, it } from "vitest";
import {
  realPostgresBin,
  realPostgresTitle,
  startRealPostgres,
} from "../../../../packages/db/src/test-support/servers.ts";
import type { RealPostgres } from "../../../../packages/db/src/test-support/servers.ts";
import type { CrashPoint } from "./crash-points.ts";
import { crowd } from "./federation.ts";
import { crashPoints, crowdedCrashPoints, expectSurvival } from "./survival.ts";

const numbered = crashPoints.map((point, k) => [k + 1, point] as const);
type Wanted = (number: number) => boolean;
const title =
  "[RE26] [ST14] at point %i, %o, leaves a run that ends with the bytes of an undisturbed one";

/** A coordinator over a database of its own, which goes on without it. */
export function embeddedSurvival(wanted: Wanted): void {
  describe("a coordinator that is killed, over the embedded Postgres,", () => {
    it.each(numbered.filter(([number]) => wanted(number)))(title, (_, point: CrashPoint) =>
      expectSurvival(point, null),
    );
  });
}

/** The same in every phase of a round, while twenty clients train and upload. */
export function crowdedSurvival(wanted: Wanted): void {
  describe("a coordinator that is killed while twenty clients take part", () => {
    const points = crowdedCrashPoints.map((point, k) => [k + 1, point] as const);
    it.each(points.filter(([number]) => wanted(number)))(title, (_, point) =>
      expectSurvival(point, null, crowd(20)),
    );
  });
}

/** The same over a server that it did not start. */
export function installedSurvival(wanted: Wanted): void {
  describe.skipIf(realPostgresBin === null)(
    `a coordinator that is killed, over ${realPostgresTitle},`,
    () => {
      let server: RealPostgres;
      beforeAll(async () => {
        server = await startRealPostgres();
      });
      afterAll(() => server.stop());
      it.each(numbered.filter(([number]) => wanted(number)))(title, async (number, point) => {
        const url = new URL(server.url);
        const client = new pg.Client({ connectionString: url.href });
        await client.connect();
        await client.query(`CREATE DATABASE point_${number}`);
        await client.end();
        url.pathname = `/point_${number}`;
        await expectSurvival(point, url.href);
      });
    },
  );
}
