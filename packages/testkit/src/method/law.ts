/** What every law of the suite is given. */
import { rngFromSeed } from "@fedtune/core";
import type { MethodUpdate } from "@fedtune/core";
import { it } from "vitest";
import type { MethodBench } from "./bench.ts";
import { openFederation, playRound } from "./federation.ts";
import type { PlayedRound, RoundOptions } from "./federation.ts";
import type { MethodServer } from "./server.ts";
import { randomTraining } from "./toy-problem.ts";

/** A rule that a method does not hold, and why. */
export interface SkippedRule {
  /** Id in SPEC.md, for example `AG9`. */
  readonly rule: string;
  readonly reason: string;
}

/** A group of laws over one bench. */
export interface LawSetting {
  readonly bench: MethodBench;
  readonly name: string;
  /** Registers a test whose title starts with its rule; skipped with the reason where the method skips the rule. */
  test(title: string, body: () => void): void;
  /** A federation after two rounds of random updates. */
  played(): PlayedRound;
  /** The same federation in its third round: the server as yet unmoved, and what its clients send. */
  underway(): Underway;
}

/** A round that is about to close. */
export interface Underway {
  readonly server: MethodServer;
  readonly updates: readonly MethodUpdate[];
}

/** The setting of one bench. */
export function lawSetting(bench: MethodBench, skip: readonly SkippedRule[]): LawSetting {
  const played = (): PlayedRound => {
    const first = playRound(bench, openFederation(bench), randomRound(bench, "warm up"));
    return playRound(bench, first, randomRound(bench, "round"));
  };
  return {
    bench,
    name: bench.method.name,
    test(title, body) {
      const skipped = skip.find(({ rule }) => title.startsWith(`[${rule}]`));
      if (skipped === undefined) it(title, body);
      else it.skip(`${title} (skipped: ${skipped.reason})`, body);
    },
    played,
    underway() {
      const before = played();
      const { updates } = playRound(bench, before, randomRound(bench, "third"));
      return { server: before.server, updates };
    },
  };
}

/** A round in which every client moves by noise of its own. */
export function randomRound(bench: MethodBench, seed: string): RoundOptions {
  return {
    train: (roles) => (client, start) => {
      const rng = rngFromSeed(`${seed} at client ${String(client.index)}`);
      return randomTraining(bench, roles, rng)(client, start);
    },
  };
}
