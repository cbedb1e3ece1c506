/** What every wire does, whatever carries its texts. */
import { mailbox } from "@fedtune/testkit";
import type { Mailbox } from "@fedtune/testkit";
import { afterEach, describe, expect, it } from "vitest";
import type { Wire } from "../wire.ts";

/** A cluster's way of reaching each other. */
export interface WireBench {
  open(self: string): Promise<Wire>;
  /** Cuts all connections of that process, as a fault on the way would; absent: it has none. */
  cut?(self: string): void;
  close(): Promise<void>;
}

/** A wire that is held against the suite. */
export interface WireCase {
  readonly start: () => Promise<WireBench>;
  /** Whether there are connections to cut. */
  readonly hasCuts: boolean;
  /** What carries the texts, to be killed and started again; null: nothing, or nothing that could be. */
  readonly service: (() => { kill(): Promise<void>; start(): Promise<void> }) | null;
}

/** One process' end, and what it has heard. */
export interface WireEnd {
  readonly wire: Wire;
  /** `ada: hello`. */
  readonly texts: Mailbox<string>;
  /** One for every interruption. */
  readonly gaps: Mailbox<null>;
}

export async function openEnd(bench: Pick<WireBench, "open">, self: string): Promise<WireEnd> {
  const wire = await bench.open(self);
  const texts = mailbox<string>();
  const gaps = mailbox<null>();
  wire.listen({
    heard: (from, text) => texts.put(`${from}: ${text}`),
    interrupted: () => gaps.put(null),
  });
  return { wire, texts, gaps };
}

/** Sends a word until the other hears it, which it does not while the wire is cut. */
export async function reach(from: WireEnd, to: WireEnd, word: string): Promise<void> {
  const say = (): readonly string[] => {
    from.wire.send(to.wire.self, word);
    return to.texts.waiting;
  };
  await expect.poll(say, { timeout: 30_000 }).toContain(`${from.wire.self}: ${word}`);
}

/** Holds a wire against the suite. */
export function wireConformance(title: string, { start, hasCuts, service }: WireCase): void {
  describe(title, () => {
    const opened: { close(): Promise<void> }[] = [];
    afterEach(async () => {
      for (const each of opened.splice(0).reverse()) await each.close();
    });
    const cluster: MakeCluster = async () => {
      const bench = await start();
      opened.push(bench);
      const join = async (self: string): Promise<WireEnd> => {
        const end = await openEnd(bench, self);
        opened.push(end.wire);
        return end;
      };
      const [ada, bob, eve] = [await join("ada"), await join("bob"), await join("eve")];
      return { cut: (self) => bench.cut?.(self), join, ada, bob, eve };
    };
    carries(cluster);
    comesAndGoes(cluster);
    if (hasCuts) survivesCuts(cluster);
    if (service !== null) survivesRestarts(cluster, service);
  });
}

interface Cluster {
  readonly cut: (self: string) => void;
  readonly join: (self: string) => Promise<WireEnd>;
  readonly ada: WireEnd;
  readonly bob: WireEnd;
  readonly eve: WireEnd;
}

type MakeCluster = () => Promise<Cluster>;

const odd = [
  `{"a":"\\u0000 ' \\" % %41 äöü 漢字 😀 \u2028 \u0000 \r\n"}`,
  ...["", "same", "same", "$3\r\nfoo\r\n", "1-0 0 1 "],
];

const long = Array.from({ length: 100_000 }, (_, i) => String.fromCodePoint(32 + (i % 2_000))).join(
  "",
);

function carries(cluster: MakeCluster): void {
  it("[OP7] carries texts to one process or to all others, unchanged and in order", async () => {
    const { ada, bob, eve } = await cluster();
    for (const [i, text] of odd.entries()) {
      ada.wire.send("bob", text);
      ada.wire.send(null, `to all ${i}`);
    }
    for (const [i, text] of odd.entries()) {
      expect(await bob.texts.take()).toBe(`ada: ${text}`);
      expect(await bob.texts.take()).toBe(`ada: to all ${i}`);
      expect(await eve.texts.take()).toBe(`ada: to all ${i}`);
    }
    bob.wire.send("ada", "last");
    expect(await ada.texts.take()).toBe("bob: last");
    for (const { texts } of [ada, bob, eve]) expect(texts.waiting).toEqual([]);
  });

  it("[OP7] carries texts of any length, and many at once", async () => {
    const { ada, bob, eve } = await cluster();
    const texts = Array.from({ length: 2_500 }, (_, i) =>
      i % 500 === 250 ? `${i}${long}` : String(i),
    );
    for (const text of texts) {
      ada.wire.send("bob", text);
      eve.wire.send("bob", text);
    }
    const heard: string[] = [];
    for (let i = 0; i < 2 * texts.length; i++) heard.push(await bob.texts.take());
    for (const from of ["ada: ", "eve: "]) {
      const own = heard.filter((text) => text.startsWith(from));
      expect(own.map((text) => text.slice(from.length))).toEqual(texts);
    }
  });
}

function comesAndGoes(cluster: MakeCluster): void {
  it("[OP7] says that it works", async () => {
    const { ada } = await cluster();
    await expect(ada.wire.check()).resolves.toBeUndefined();
  });

  it("[OP7] sends what was said before it is closed, and carries nothing to who is gone", async () => {
    const { ada, bob, eve, join } = await cluster();
    eve.wire.send("bob", "goodbye");
    await eve.wire.close();
    expect(await bob.texts.take()).toBe("eve: goodbye");
    eve.wire.send("bob", "from nowhere");
    ada.wire.send("eve", "too late");
    ada.wire.send("nobody", "never");
    ada.wire.send(null, "also too late");
    expect(await bob.texts.take()).toBe("ada: also too late");
    const again = await join("eve");
    ada.wire.send("eve", "welcome");
    expect(await again.texts.take()).toBe("ada: welcome");
    again.wire.send(null, "hello");
    expect(await ada.texts.take()).toBe("eve: hello");
    expect(await bob.texts.take()).toBe("eve: hello");
    expect([eve.texts.waiting, bob.texts.waiting]).toEqual([[], []]);
  });
}

/** Texts `n0`, `n1`, ... from one to another. */
export function counted(from: WireEnd, to: WireEnd) {
  let count = 0;
  return {
    send(texts: number): void {
      for (let i = 0; i < texts; i++) from.wire.send(to.wire.self, `n${count++}`);
    },
    sent: () => count,
    /** What was heard is in order, and whole unless somebody was told. */
    expectSound(): void {
      const head = `${from.wire.self}: n`;
      const numbers = to.texts.waiting
        .filter((text) => text.startsWith(head))
        .map((text) => Number(text.slice(head.length)));
      expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
      const wasTold = from.gaps.waiting.length + to.gaps.waiting.length > 0;
      expect(numbers.length === count || wasTold, `${numbers.length} of ${count}`).toBe(true);
    },
  };
}

export async function untilWhole({ wire }: WireEnd): Promise<void> {
  const works = () =>
    wire.check().then(
      () => true,
      () => false,
    );
  await expect.poll(works, { timeout: 30_000 }).toBe(true);
}

function survivesCuts(cluster: MakeCluster): void {
  it("[OP7] loses nothing in a cut without a word, and carries nothing twice or out of turn", async () => {
    const { cut, ada, bob } = await cluster();
    const texts = counted(ada, bob);
    for (const cutting of ["bob", "ada", "ada", "bob"]) {
      texts.send(200);
      // Somewhere in what is under way.
      await new Promise((resolve) => setTimeout(resolve, 2));
      cut(cutting);
      texts.send(200);
      await untilWhole(ada);
    }
    await reach(ada, bob, "end");
    await reach(bob, ada, "heard");
    texts.expectSound();
  });
}

function survivesRestarts(cluster: MakeCluster, service: NonNullable<WireCase["service"]>): void {
  it("[OP7] says to all that what carries it started anew, and goes on", async () => {
    const { ada, bob } = await cluster();
    ada.wire.send("bob", "before");
    expect(await bob.texts.take()).toBe("ada: before");
    await service().kill();
    await expect(ada.wire.check()).rejects.toMatchObject({ code: "storage-failed" });
    ada.wire.send("bob", "meanwhile");
    await service().start();
    await Promise.all([ada.gaps.take(), bob.gaps.take()]);
    await expect(ada.wire.check()).resolves.toBeUndefined();
    await reach(ada, bob, "again");
    await reach(bob, ada, "heard");
  });
}
