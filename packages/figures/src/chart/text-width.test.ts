import fc from "fast-check";
import { expect, it } from "vitest";
import { textWidth, wrapText } from "./text-width.ts";

it("figures all have one width", () => {
  for (const digit of "0123456789") expect(textWidth(digit, 12)).toBeCloseTo(7.2, 10);
});

it("measures as the typeface's advance widths add up", () => {
  // IBM Plex Sans 500: R 655, o 562, u 580, n 580, d 592, of 1000; a raised figure is three quarters as large.
  expect(textWidth("Round", 10)).toBeCloseTo(29.69, 10);
  expect(textWidth(["10", { raised: "5" }], 10)).toBeCloseTo(12 + 4.5, 10);
});

it("breaks between words and after hyphens, and loses nothing", () => {
  expect(wrapText("fedavg (FedIT), dense baseline 77.3", 12, 118)).toEqual([
    "fedavg (FedIT),",
    "dense baseline 77.3",
  ]);
  expect(wrapText("a-very-long-name-of-a-run", 12, 60)).toEqual([
    "a-very-",
    "long-",
    "name-of-",
    "a-run",
  ]);
  expect(wrapText("", 12, 60)).toEqual([]);
  const words = fc.array(fc.constantFrom("run", "of", "noise-free", "seeds", "92.4 %", "a"), {
    maxLength: 20,
  });
  fc.assert(
    fc.property(words, fc.integer({ min: 20, max: 300 }), (parts, width) => {
      const text = parts.join(" ");
      const lines = wrapText(text, 12, width);
      expect(lines.join(" ").replaceAll(/- /g, "-").replaceAll(" ", "")).toBe(
        text.replaceAll(" ", ""),
      );
      for (const line of lines) {
        const isOneWord = !/[\s-]./.test(line);
        if (!isOneWord) expect(textWidth(line, 12)).toBeLessThanOrEqual(width);
      }
    }),
  );
});
