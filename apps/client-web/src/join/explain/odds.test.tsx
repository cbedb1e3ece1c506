import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, test } from "vitest";
import { promiseView } from "../model/promise.ts";
import type { PromiseCase } from "../model/promise.ts";
import { runSlots } from "../model/run-words.ts";
import { invitation } from "../test-support/fixture.ts";
import { readText } from "../test-support/markup.tsx";
import { Odds } from "./odds.tsx";

const slots = runSlots(invitation);
const odds = { rightOutOf100: 65, isRough: false };

/** The cases that a run can be, and what each has to say. */
const cases: readonly (readonly [PromiseCase, readonly string[]])[] = [
  [
    { kind: "record", odds },
    [
      "Could someone tell that one of your messages was used?",
      "must say whether one particular message was in your file",
      "Your device adds the noise itself, so this holds even if the organiser is not honest.",
    ],
  ],
  [
    { kind: "server", odds },
    [
      "Could someone tell that you took part?",
      "whether your whole file was used",
      "not from the organiser",
    ],
  ],
  [
    { kind: "masked", odds, devices: 20 },
    ["Could someone tell that you took part?", "only the sum of at least 20 devices"],
  ],
  [{ kind: "shared", odds }, ["Each device adds its share of the noise"]],
  [
    { kind: "none" },
    [
      "There is no numerical promise in this run",
      "Researchers have rebuilt sentences from such numbers.",
      "Take part only if you trust Example University Hospital.",
    ],
  ],
  [{ kind: "simulation" }, ["This is a simulation", "They protect nobody."]],
];

describe("the privacy cases", () => {
  test.each(cases.map(([promise, said]) => [promise.kind, promise, said] as const))(
    "%s",
    (_kind, promise, said) => {
      const markup = renderToStaticMarkup(<Odds promise={promiseView(promise, slots)} />);
      const text = readText(markup);
      for (const sentence of said) expect(text).toContain(sentence);
      expect(text).toContain("It does not hide that your clinic takes part");
      expect(markup.includes('role="img"')).toBe("odds" in promise);
    },
  );

  test("the picture says its three numbers, for those who cannot see it", () => {
    const markup = renderToStaticMarkup(
      <Odds promise={promiseView({ kind: "record", odds }, slots)} />,
    );
    expect(markup).toContain(
      "out of 100: tossing a coin 50; in this run at most 65; without noise up to 100",
    );
  });
});
