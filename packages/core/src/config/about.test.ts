import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { adapterKinds } from "../adapter/kinds/registry.ts";
import { digest } from "../ids.ts";
import type { Method } from "../method.ts";
import type { Hash } from "../ports.ts";
import { aboutSchema } from "./about.ts";
import { hashOfJson } from "./canonical.ts";
import { resolveRun } from "./run-config.ts";

const hash: Hash = { sha256: (bytes) => digest(createHash("sha256").update(bytes).digest("hex")) };
const claims = { products: ["BA"], personal: [] };
const mean = {
  ...{ name: "mean", config: z.strictObject({}), claims, defaultHead: "share" },
} as unknown as Method;
const task = { kind: "sequence-classification", labels: ["no", "yes"] };
const resolve = (about?: unknown) =>
  resolveRun(
    about === undefined ? { task } : { task, about },
    { methods: [mean], kinds: adapterKinds },
    hash,
  );

describe("what people are told of a run", () => {
  const about = {
    title: "Message triage <b>",
    description: "Sorts messages.\n\nNothing else: “1 < 2 && 3”.",
    organiser: "Klinik für Zweifel & Söhne",
    contact: "triage@clinics.example",
    subject: "message",
    party: "general practice",
    columns: { text: "Nachricht", label: "Ziel" },
    minimumExamples: 100,
  };

  it("[CF4] is kept as it was written, and stands in the hash", () => {
    const { config, hash: told } = resolve(about);
    expect(config.about).toEqual(about);
    expect(resolve(config.about)).toMatchObject({ hash: told });
    expect(resolve({ ...about, title: "Another" }).hash).not.toBe(told);
  });

  it("[CF4] leaves the hash of a config without it as it was", () => {
    const { config, hash: first } = resolve();
    expect(Object.keys(config)).not.toContain("about");
    expect(hashOfJson({ ...config, about: undefined }, hash)).toBe(first);
  });

  it.each([
    ["title", ""],
    ["title", " begins with a space"],
    ["title", "x".repeat(121)],
    ["title", "two\nlines"],
    ["title", "a\u0000b"],
    ["title", "looks like \u202egnp.exe"],
    ["description", "x".repeat(2_001)],
    ["description", "a\u001b[31m"],
    ["contact", "javascript:alert(1)"],
    ["contact", "http://clinics.example/"],
    ["contact", "https://user:secret@clinics.example/"],
    ["contact", 'https://clinics.example/"onclick="x'],
    ["contact", "a@b.example?bcc=all@b.example"],
    ["contact", "a@b.example,c@d.example"],
    ["contact", "nobody"],
    ["subject", "<img>"],
    ["subject", "12"],
    ["party", "x".repeat(41)],
    ["minimumExamples", 0],
    ["website", "https://clinics.example"],
  ])("[CF2] has no %s %j", (field, value) => {
    const refused = (): unknown => resolve({ [field]: value });
    expect(refused).toThrow(expect.objectContaining({ code: "config-invalid" }));
    expect(refused).toThrow(`about.${field}`);
  });

  it.each(["a.b+c@x-y.example", "https://clinics.example", "https://clinics.example:8443/a?b=c#d"])(
    "takes the contact %s",
    (contact) => {
      expect(aboutSchema.parse({ contact })).toEqual({ contact });
    },
  );

  it("can be described to programs", () => {
    expect(z.toJSONSchema(aboutSchema)).toMatchObject({ additionalProperties: false });
  });
});
