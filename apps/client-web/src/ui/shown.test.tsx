/** What is only shown: its words, roles and values. */
import { memberStates, roundStates, runStates } from "@fedtune/figures";
import { describe, expect, it } from "vitest";
import { byName, byRole, only, render } from "../test-support/markup.ts";
import { Card } from "./card.tsx";
import { Countdown } from "./countdown.tsx";
import { Disclosure } from "./disclosure.tsx";
import { Empty } from "./empty.tsx";
import { ErrorNote } from "./error-note.tsx";
import { Figure } from "./figure.tsx";
import { Meter } from "./meter.tsx";
import { Pill, StatePill, StateWord } from "./pill.tsx";
import { Progress } from "./progress.tsx";
import { QrCode, qrPath } from "./qr-code.tsx";
import { RichText } from "./rich-text.tsx";
import { Tag } from "./tag.tsx";

describe("states", () => {
  it.each(Object.values({ ...runStates, ...roundStates, ...memberStates }))(
    "$word has its word and a hidden icon",
    (look) => {
      const found = render(<StatePill look={look} />);
      expect(found[0]!.text).toBe(look.word);
      expect(only(found, byName("svg")).attributes["aria-hidden"]).toBe("true");
    },
  );

  it("go on after their word", () => {
    const found = render(<StateWord look={memberStates.training}> 71 %</StateWord>);
    expect(found[0]!.text).toBe("Training 71 %");
    expect(render(<Pill tone="bad">1 to fix</Pill>)[0]!.text).toBe("1 to fix");
    expect(render(<Tag>changed</Tag>)[0]!.text).toBe("changed");
  });
});

describe("measures", () => {
  it("a meter says value, limit and words, and stays inside of its track", () => {
    const found = render(
      <Meter label="Privacy" value={9} planned={2} max={3} valueText="9.00 of 3.00" />,
    );
    const { attributes } = only(found, byRole("meter"));
    expect(attributes).toMatchObject({
      "aria-label": "Privacy",
      "aria-valuemin": "0",
      "aria-valuemax": "3",
      "aria-valuenow": "3",
      "aria-valuetext": "9.00 of 3.00",
    });
    const widths = found.flatMap(
      ({ attributes: own }) => /width:(\d+)%/.exec(own["style"] ?? "")?.[1] ?? [],
    );
    expect(widths).toEqual(["100", "100"]);
  });

  it("a progress bar says how far in words; unknown is no number", () => {
    const known = only(
      render(<Progress label="Round" value={0.64} valueText="step 37 of 58" />),
      byRole("progressbar"),
    );
    expect(known.attributes).toMatchObject({
      "aria-valuenow": "64",
      "aria-valuetext": "step 37 of 58",
    });
    const unknown = only(
      render(<Progress label="Model" value={null} valueText="preparing" />),
      byRole("progressbar"),
    );
    expect(unknown.attributes["aria-valuenow"]).toBeUndefined();
  });

  it("a countdown rounds up, is a timer, and is not read out by itself", () => {
    const found = render(<Countdown label="Round 27 closes" untilMs={101_200} now={() => 0} />);
    const timer = only(found, byRole("timer"));
    expect(timer.text).toBe("1:42");
    expect(timer.attributes).toMatchObject({
      "aria-live": "off",
      "aria-label": "Round 27 closes in 1:42",
    });
    expect(render(<Countdown label="x" untilMs={5} now={() => 99} />)[0]!.text).toBe("0:00");
  });

  it("a figure is a term with its description", () => {
    const found = render(
      <Figure label="Time left" value="52" unit="min" detail="median round 3:58" />,
    );
    expect(only(found, byName("dt")).text).toBe("Time left");
    expect(found.filter(byName("dd")).map(({ text }) => text)).toEqual([
      "52min",
      "median round 3:58",
    ]);
  });
});

describe("what stands around", () => {
  it("a card with a title is a region of that name", () => {
    const found = render(<Card title="Rounds">x</Card>);
    const heading = only(found, byName("h2"));
    expect(only(found, byName("section")).attributes["aria-labelledby"]).toBe(
      heading.attributes["id"],
    );
    expect(
      only(
        render(
          <Card title="Rounds" level={3}>
            x
          </Card>,
        ),
        byName("h3"),
      ).text,
    ).toBe("Rounds");
    expect(render(<Card>x</Card>)[0]!.attributes["aria-labelledby"]).toBeUndefined();
  });

  it("a note says what happened, what to do, and its code", () => {
    const found = render(
      <ErrorNote title="No connection" code="transport-closed" actions={<button>Reload</button>}>
        Training goes on.
      </ErrorNote>,
    );
    expect(found[0]!.text).toBe("No connectionTraining goes on.Reloadtransport-closed");
    expect(found[0]!.attributes["role"]).toBe("group");
    expect(render(<ErrorNote isUrgent title="x" />)[0]!.attributes["role"]).toBe("alert");
  });

  it("folds are the browser's own; nothing yet says what would be here", () => {
    const fold = render(<Disclosure title="For experts">inside</Disclosure>);
    expect(fold[0]).toMatchObject({ name: "details" });
    expect(only(fold, byName("summary")).text).toBe("For experts");
    expect(render(<Empty title="No runs yet">They appear here.</Empty>)[0]!.text).toBe(
      "No runs yetThey appear here.",
    );
  });

  it("exponents are raised", () => {
    const found = render(
      <p>
        <RichText text={["δ = 10", { raised: "−5" }]} />
      </p>,
    );
    expect(only(found, byName("sup")).text).toBe("−5");
    expect(found[0]!.text).toBe("δ = 10−5");
  });
});

describe("QR code", () => {
  it("is an image with a name, dark on light with its quiet zone", () => {
    const found = render(<QrCode text="https://fed.example.org/join/a#b" label="Invitation" />);
    const svg = only(found, byName("svg"));
    const { modules } = qrPath("https://fed.example.org/join/a#b");
    expect(svg.attributes["aria-label"]).toBe("QR code: Invitation");
    expect(svg.attributes["viewBox"]).toBe(`-4 -4 ${modules + 8} ${modules + 8}`);
  });

  it("has the three finder patterns of the standard", () => {
    const { path, modules } = qrPath("x");
    const dark = new Set([...path.matchAll(/M(\d+) (\d+)h/g)].map(([, x, y]) => `${x},${y}`));
    const finder = ["1111111", "1000001", "1011101", "1011101", "1011101", "1000001", "1111111"];
    for (const [left, top] of [
      [0, 0],
      [modules - 7, 0],
      [0, modules - 7],
    ] as const) {
      finder.forEach((row, y) =>
        Array.from(row, (bit, x) => expect(dark.has(`${left + x},${top + y}`)).toBe(bit === "1")),
      );
    }
  });
});
