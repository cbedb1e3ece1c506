/** A page of a data holder without anything to see: a test does what buttons would. */
import { createParticipant, pagePorts, takeLink } from "../../index.ts";
import type { NamedFile, ParticipantActions, ParticipantSnapshot } from "../../index.ts";

/** A file of a folder as plain data. */
export interface PlainPicture {
  readonly path: string;
  readonly bytes: readonly number[];
}

const participant = createParticipant(pagePorts());
const link = takeLink(window);
const opened = link === null ? Promise.resolve() : participant.actions.openLink(link);
opened.catch(() => undefined);

/** Tasks of the main thread that took longer than pages may. */
const longTasks: { readonly startedAt: number; readonly ms: number }[] = [];
new PerformanceObserver((list) => {
  longTasks.push(
    ...list.getEntries().map(({ startTime, duration }) => ({ startedAt: startTime, ms: duration })),
  );
}).observe({ type: "longtask", buffered: true });
const violations: string[] = [];
document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => {
  violations.push(`${violatedDirective} ${blockedURI}`);
});

const bench = {
  /** Resolves when the page's own link was read. */
  opened: () => opened,
  snapshot: (): ParticipantSnapshot => participant.snapshot(),
  kind: (): string => participant.snapshot().stage.kind,
  async act(name: keyof ParticipantActions, ...input: unknown[]): Promise<unknown> {
    const act: (...all: never[]) => Promise<unknown> = participant.actions[name];
    return act(...(input as never[]));
  },
  async choose(name: string, text: string): Promise<void> {
    await participant.actions.chooseFile(new File([text], name));
  },
  async chooseFolder(name: string, pictures: readonly PlainPicture[]): Promise<void> {
    const files = pictures.map(({ path, bytes }) => {
      return { path, file: new File([Uint8Array.from(bytes)], path) };
    });
    await participant.actions.chooseFolder({ name, files });
  },
  tryPicture: (bytes: readonly number[]) =>
    participant.actions.tryPicture(new Blob([Uint8Array.from(bytes)])),
  /** Names and texts, or hexadecimal bytes, of a device's adapter. */
  async adapter(): Promise<readonly (readonly [string, string])[]> {
    const files: readonly NamedFile[] = await participant.actions.downloadAdapter();
    return files.map(({ name, bytes }) => [
      name,
      Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(""),
    ]);
  },
  async sent(): Promise<string> {
    return new TextDecoder().decode((await participant.actions.downloadTransfers()).bytes);
  },
  close: () => participant.close(),
  now: () => performance.now(),
  /** Milliseconds of tasks that were longer than pages may take, since then. */
  longTasks: (since: number) =>
    longTasks.filter(({ startedAt, ms }) => startedAt >= since && ms > 100).map(({ ms }) => ms),
  violations: () => violations,
};

/** What a test calls. */
export type ParticipantBench = typeof bench;
Reflect.set(globalThis, "bench", bench);
