import { describe, expect, it, vi } from "vitest";
import { createIo } from "./io.ts";
import type { CommonOptions, Io, Stream } from "./io.ts";
import { tableText } from "./table.ts";
import { captured } from "./test-support/capture.ts";

function speak(options: CommonOptions, body: (io: Io) => void, isTTY = false) {
  const [stdout, stderr] = [captured(), captured()];
  const terminal = (stream: Stream): Stream => Object.assign(stream, { isTTY });
  const io = createIo({ stdout: stdout.stream, stderr: terminal(stderr.stream) }, options, {
    signal: new AbortController().signal,
    onExit: () => () => undefined,
  });
  body(io);
  return { stdout: stdout.text(), stderr: stderr.text() };
}

function report(io: Io): void {
  io.note("loading");
  io.event({ round: 1 });
  io.result({ done: true }, () => "done");
}

describe("what a verb writes", () => {
  it("[CI12] text: the result on standard output, notes on standard error", () => {
    expect(speak({}, report)).toEqual({ stdout: "done\n", stderr: "loading\n" });
  });

  it("[CI12] --json: events and result as JSON lines, notes stay on standard error", () => {
    const { stdout, stderr } = speak({ json: true }, report);
    expect(stdout).toBe('{"round":1}\n{"done":true}\n');
    expect(stderr).toBe("loading\n");
  });

  it("[CI12] --quiet: the result alone", () => {
    const said = speak({ quiet: true }, (io) => {
      const bar = io.progress("round", 3);
      bar.update(1);
      report(io);
      bar.stop();
    });
    expect(said).toEqual({ stdout: "done\n", stderr: "" });
  });

  it("[CI12] progress goes to standard error, in lines where that is no terminal", () => {
    const { stdout, stderr } = speak({ json: true }, (io) => {
      const bar = io.progress("round 1", 4);
      bar.update(2, "loss 0.7");
      bar.setTotal(2);
      bar.stop();
    });
    expect(stdout).toBe("");
    expect(stderr).toContain("round 1");
    expect(stderr).toContain("2/2 loss 0.7");
    expect(stderr).not.toContain("\u001b");
  });

  it("[CI12] where there is no terminal only news is said, at most every two seconds, the last at the end", () => {
    vi.useFakeTimers();
    try {
      const { stderr } = speak({}, (io) => {
        const bar = io.progress("steps", 9);
        vi.advanceTimersByTime(10_000);
        bar.update(1);
        bar.update(2);
        bar.update(3);
        vi.advanceTimersByTime(2000);
        bar.update(3);
        vi.advanceTimersByTime(60_000);
        bar.update(4);
        bar.update(5);
        bar.stop();
        bar.stop();
      });
      expect(stderr).toBe("steps 1/9\nsteps 3/9\nsteps 4/9\nsteps 5/9\n");
    } finally {
      vi.useRealTimers();
    }
  });

  it("[CI12] a bar for terminals alone says nothing elsewhere", () => {
    const { stderr } = speak({}, (io) => {
      const bar = io.progress("rounds", 4, { terminalOnly: true });
      bar.update(2, "loss 0.7");
      bar.stop();
    });
    expect(stderr).toBe("");
  });

  it("[CI12] a note does not mix with a bar in a terminal", () => {
    const { stderr } = speak(
      {},
      (io) => {
        const bar = io.progress("round 1", 4);
        io.note("client left");
        bar.stop();
        io.note("over");
      },
      true,
    );
    expect(stderr).toContain("\r\u001b[Kclient left\n\u001b7");
    expect(stderr).not.toContain("\r\u001b[Kover");
  });
});

describe("tables", () => {
  it("[CI10] have no frame, no colour and no spaces at the end", () => {
    const text = tableText(
      ["name", "n"],
      [
        ["a", "1"],
        ["bcd", ""],
      ],
    );
    expect(text).toBe("name  n\na     1\nbcd");
  });
});
