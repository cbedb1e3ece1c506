/** Where a hub is and where its files are kept, from the variables that Python's huggingface_hub reads. */
import { homedir } from "node:os";
import { join } from "node:path";

/** How a hub is used. */
export interface HubSettings {
  /** HF_ENDPOINT, without a slash at its end. */
  readonly endpoint: string;
  /** HF_HUB_CACHE, or `hub` in HF_HOME. */
  readonly cache: string;
  /** HF_TOKEN; null: ask as nobody. */
  readonly token: string | null;
  /** HF_HUB_OFFLINE: what is not in the cache is not to be had. */
  readonly offline: boolean;
  /** HF_HUB_DOWNLOAD_TIMEOUT: longest silence, in milliseconds. */
  readonly timeoutMs: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

const TIMEOUT_SECONDS = 10;

/** Reads the variables; an empty one counts as missing. */
export function hubSettings(environment: Environment = process.env): HubSettings {
  const given = (name: string): string | undefined => {
    const text = environment[name]?.trim();
    return text === "" ? undefined : text;
  };
  const caches = given("XDG_CACHE_HOME") ?? join(homedir(), ".cache");
  const home = given("HF_HOME") ?? join(caches, "huggingface");
  const seconds = Number(given("HF_HUB_DOWNLOAD_TIMEOUT"));
  return {
    endpoint: (given("HF_ENDPOINT") ?? "https://huggingface.co").replace(/\/+$/, ""),
    cache: given("HF_HUB_CACHE") ?? given("HUGGINGFACE_HUB_CACHE") ?? join(home, "hub"),
    token: given("HF_TOKEN") ?? null,
    offline: /^(1|true|yes|on)$/i.test(given("HF_HUB_OFFLINE") ?? ""),
    timeoutMs: 1000 * (seconds > 0 ? seconds : TIMEOUT_SECONDS),
  };
}
