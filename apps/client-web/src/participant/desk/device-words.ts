/** What the coordinator is told of this device, in all. */
import type { DeviceFacts as ToldFacts } from "@fedtune/core";
import type { DeviceFacts } from "../device-report.ts";

/** Name of this program, with the browser that it runs in. */
export function softwareName({ browser }: { readonly browser: string }): string {
  return `fedtune web (${browser})`.slice(0, 200);
}

/** What computes; null: the device was not checked. */
export function deviceFacts(facts: DeviceFacts | null): ToldFacts | null {
  if (facts === null) return null;
  const { backend, browser: platform, threads } = facts;
  return { backend, platform, threads };
}
