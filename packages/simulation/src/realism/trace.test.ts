import { expect, it } from "vitest";
import { readTrace } from "./trace.ts";

const files = (text: string) => ({
  read: () => Promise.resolve(new TextEncoder().encode(text)),
  exists: () => Promise.resolve(true),
  async *stream() {
    yield await Promise.resolve(new TextEncoder().encode(text));
  },
});

it.each([
  ["trace.csv", "client,from,to\na,0,10\nb,3.5,7\na,10,20\na,40,50\n"],
  [
    "trace.jsonl",
    [
      { client: "a", from: 40, to: 50 },
      { client: "b", from: 3.5, to: 7 },
      { client: "a", from: 0, to: 12 },
      { client: "a", from: 10, to: 20 },
    ]
      .map((line) => JSON.stringify(line))
      .join("\n"),
  ],
])("%s: intervals by client, ascending, those that touch or overlap joined", async (path, text) => {
  const trace = await readTrace(path, files(text));
  expect(Object.fromEntries(trace)).toEqual({
    a: [
      { from: 0, to: 20 },
      { from: 40, to: 50 },
    ],
    b: [{ from: 3.5, to: 7 }],
  });
});

it.each(["a,5,5", "a,7,5", "a,-1,5", "a,,5", "a,x,5", ",0,5", "a,0,Infinity"])(
  "refuses the line %s and names it",
  async (line) => {
    const text = `client,from,to\nb,0,1\n${line}\n`;
    await expect(readTrace("t.csv", files(text))).rejects.toThrow(/line 3 .*t\.csv/);
  },
);
