import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { Verdict } from "./chain.tsx";

const draw = (fault: Parameters<typeof Verdict>[0]["verification"]["fault"]) =>
  renderToStaticMarkup(
    <Verdict
      verification={{ fault, head: { sequence: 412, hash: "ab".repeat(32) } }}
      isBusy={false}
      onCheck={() => undefined}
    />,
  );

describe("the verdict on the chain", () => {
  it("shows the last hash of a whole one", () => {
    const html = draw(null);
    expect(html).toContain("The chain is whole");
    expect(html).toContain("abab\u2026abab");
  });

  it("names the entry at which it is broken", () => {
    const html = draw({ sequence: 17, problem: "edited" });
    expect(html).toContain('data-tone="bad"');
    expect(html).toContain("Entry 17 was edited after it was written.");
  });
});
