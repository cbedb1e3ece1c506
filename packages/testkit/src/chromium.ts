/** A real Chromium for tests: the system's, never one that is downloaded. */
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";
import type { Browser } from "playwright-core";

const candidates = [
  ...["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"],
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** Path of a Chromium: `CHROMIUM_PATH`, or where systems keep it; null where there is none. */
export function chromiumPath(): string | null {
  const named = process.env["CHROMIUM_PATH"];
  if (named !== undefined) return named;
  return candidates.find((path) => existsSync(path)) ?? null;
}

/** What a test's title says where it cannot run. */
export const withoutChromium = "skipped: no Chromium here, set CHROMIUM_PATH or install chromium";

/**
 * Chromium draws the lists of its address bar as pages, two renderers for every window, though nobody sees them: two thirds
 * of the time that a test of a page takes. The last switch of a name counts, so what Playwright turns off is here as well,
 * as far as it changes what pages do.
 */
const unwantedFeatures = [
  ...["WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "WebUIOmniboxFullPopup"],
  ...["AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades"],
  ...["HttpsFirstBalancedModeAutoEnable", "PaintHolding", "ThirdPartyStoragePartitioning"],
  ...["AvoidCorsURLLoaderRestartOnRedirect", "MediaRouter", "OptimizationHints"],
  ...["NetworkTimeServiceQuerying", "AimEnabled", "PreconnectToSearch"],
];

/** What every Chromium of the tests is started with. */
export const chromiumArguments: readonly string[] = [
  // Letter widths as people see them; root in a container has no user namespaces.
  ...["--font-render-hinting=none", "--no-sandbox"],
  `--disable-features=${unwantedFeatures.join(",")}`,
];

/** Starts Chromium without a window; software WebGPU and WebGL only with `gpu: "software"`. */
export async function launchChromium({
  gpu = "none",
}: { readonly gpu?: "none" | "software" } = {}): Promise<Browser> {
  const executablePath = chromiumPath();
  if (executablePath === null) throw new Error(withoutChromium);
  const software = [
    ...["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--use-angle=swiftshader"],
    "--enable-unsafe-swiftshader",
  ];
  const args = [...chromiumArguments, ...(gpu === "none" ? [] : software)];
  return chromium.launch({ executablePath, headless: true, args });
}
