import { expect, test } from "vitest";
import * as fixture from "../test-support/fixture.ts";

const { invitation, outcomes, session, transfers, work, fileFacts, standing, deviceFacts } =
  fixture;

const sum = (values: readonly number[]): number =>
  values.reduce((total, value) => total + value, 0);

test("the sample run adds up", () => {
  const { numbers, bytes, adapter, labels, rounds } = invitation;
  const layers = 6;
  const half = layers * adapter.targetModules.length * 384 * adapter.rank;
  expect(numbers).toEqual({ leaves: half, stays: half + labels.length * 385, comes: half });
  expect(bytes.upPerRound).toBe(4 * half + 96);
  expect(session.totalRounds).toBe(rounds.total);
  expect(sum(fileFacts.labels.map(({ rows }) => rows))).toBe(fileFacts.rows);
  expect(
    session.accuracy.every(({ examples }) => examples === Math.floor(fileFacts.rows / 10)),
  ).toBe(true);
});

test("the session adds up", () => {
  const accepted = outcomes.filter(({ result }) => result === "accepted");
  expect(accepted).toHaveLength(8);
  const of = (direction: string) =>
    transfers.filter((transfer) => transfer.direction === direction);
  expect(sum(of("up").map(({ bytes }) => bytes)) + session.messageBytesUp).toBe(session.bytesUp);
  expect(sum(of("down").map(({ bytes }) => bytes))).toBe(session.bytesDown);
  expect(of("up").map(({ round }) => round)).toEqual(accepted.map(({ round }) => round));
  expect(outcomes.map(({ at }) => at)).toEqual(
    outcomes.map(({ at }) => at).toSorted((a, b) => a - b),
  );
  const { learn } = work;
  expect(learn.secondsLeft).toBeCloseTo(
    (learn.total - learn.done) / (session.stepsPerSecond ?? 0),
    9,
  );
  expect(deviceFacts.roundSeconds).toBeCloseTo(learn.total / deviceFacts.stepsPerSecond, 9);
});

test("the privacy of the file adds up", () => {
  expect(standing.spentElsewhere + standing.spentHere).toBeCloseTo(standing.spent, 9);
  expect(standing.spentElsewhere + standing.plannedHere).toBeCloseTo(standing.projected, 9);
});
