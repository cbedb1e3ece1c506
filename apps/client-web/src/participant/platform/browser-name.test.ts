import { expect, it } from "vitest";
import { browserName } from "./browser-name.ts";

it.each([
  ["Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0", "Firefox 142"],
  [
    "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36 Edg/156.0.0.0",
    "Edge 156",
  ],
  [
    "Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15",
    "Safari 26",
  ],
  ["Mozilla/5.0 HeadlessChrome/156.0.8078.79 Safari/537.36", "a browser"],
  ["", "a browser"],
])("%s is %s", (userAgent, name) => {
  expect(browserName({ userAgent })).toBe(name);
});

it("a browser that names its brands is called by the first real one", () => {
  const brands = [
    { brand: "Not/A)Brand", version: "8" },
    { brand: "Chromium", version: "156" },
  ];
  expect(browserName({ userAgent: "", userAgentData: { brands } })).toBe("Chromium 156");
});
