/** A data holder's tab, driven from outside: what a person would do on the pages. */
import type { BrowserContext, Page } from "playwright-core";
import { vi } from "vitest";
import type { Road, SessionReport, StageKind } from "../index.ts";
import { openBench } from "./bench-page.ts";
import type { Remote } from "./bench-page.ts";
import { csvOf, sentences } from "./coordinator.ts";
import type { ParticipantBench } from "./participant-site/bench.ts";

/** A tab with its page. */
export interface Tab {
  readonly page: Page;
  readonly bench: Remote<ParticipantBench>;
  /** Resolves when one of these stages is shown. */
  stage(...kinds: readonly StageKind[]): Promise<void>;
  /** Resolves when the session is as wanted. */
  session(isSo: (session: SessionReport) => boolean): Promise<void>;
  /** What is known of the run now. */
  road(): Promise<Road & { readonly kind: StageKind }>;
  /** From the link to training: accept, choose a file, check the device on wasm, start. */
  join(rows?: readonly { readonly text: string; readonly label: string }[]): Promise<void>;
}

/** Longest wait for anything; tests end earlier where all is well. */
const PATIENCE_MS = 90_000;

/** Opens a link in a new tab. */
export async function openTab(context: BrowserContext, link: string): Promise<Tab> {
  const { page, bench } = await openBench<ParticipantBench>(context, link);
  const tab: Tab = {
    ...{ page, bench },
    stage: (...kinds) => shown(page, kinds),
    session: (isSo) =>
      vi.waitFor(
        async () => {
          const { session } = await tab.road();
          if (!isSo(session)) throw new Error(`the session is ${JSON.stringify(session)}`);
        },
        { timeout: PATIENCE_MS, interval: 50 },
      ),
    async road() {
      const { stage } = await bench.snapshot();
      if ("invitation" in stage) return stage;
      throw new Error(`there is no road, the stage is ${stage.kind}`);
    },
    async join(rows = sentences(40)) {
      await bench.opened();
      await bench.act("accept");
      await bench.choose("words.csv", csvOf(rows));
      await bench.act("checkDevice", "wasm");
      await bench.act("start");
    },
  };
  return tab;
}

/** A stage that does not come is told with the one that is there. */
async function shown(page: Page, kinds: readonly string[]): Promise<void> {
  await page
    .waitForFunction(
      (wanted) => wanted.includes((Reflect.get(globalThis, "bench") as ParticipantBench).kind()),
      kinds,
      { timeout: PATIENCE_MS },
    )
    .catch(async (cause: unknown) => {
      const stage = await page.evaluate(
        () => (Reflect.get(globalThis, "bench") as ParticipantBench).snapshot().stage,
      );
      const { kind } = stage;
      const facts = "session" in stage ? stage.session : stage;
      const problem = "problem" in stage ? stage.problem : null;
      const message = `wanted ${kinds.join(" or ")}, is ${kind}: ${JSON.stringify({ problem, facts })}`;
      throw new Error(message, { cause });
    });
}
