/** What people are told of a run before they take part; nothing of it changes what is trained. */
import { z } from "zod";

/** No control characters, and none that turn the direction of text around: a title must look like what it is. */
const hidden = "\\p{Cc}\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069";
const oneLine = new RegExp(`^(?!\\s)[^${hidden}]+$`, "u");
const lines = new RegExp(`^(?!\\s)(?:[^${hidden}]|\\n)+$`, "u");
const noun = /^\p{L}[\p{L}\p{M}' -]*$/u;
const email = /^[^\s@<>"'(),:;[\]\\?&%#]+@[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?$/;
const page = /^https:\/\/[^\s/<>"'\\@?#]+(?:\/[^\s<>"'\\]*)?$/;

const line = (most: number) => z.string().max(most).regex(oneLine, "one line of text");
const column = z.string().max(200).regex(oneLine, "the name of a column");
const word = z.string().max(40).regex(noun, "a noun in the singular");

/**
 * The section `about`. It is part of a config's hash: what people were told when they joined is what the hash stands for.
 * Without it the hash is the same as if there were no such section.
 */
export const aboutSchema = z.strictObject({
  title: line(120).optional().describe("of the run, for people; absent: its name"),
  description: z
    .string()
    .max(2_000)
    .regex(lines, "text")
    .optional()
    .describe("what the run is for, in plain words"),
  organiser: line(120).optional().describe("who asks people to take part"),
  contact: z
    .union([
      z.string().max(254).regex(email, "an e-mail address"),
      z.string().max(254).regex(page, "an address that begins with https://"),
    ])
    .optional()
    .describe("how people reach the organiser: an e-mail address, or a page by https"),
  subject: word.optional().describe("what a row of data is: message; absent: row"),
  party: word.optional().describe("what a data holder is: clinic; absent: participant"),
  columns: z
    .strictObject({
      text: column.optional().describe("of the text; absent: text"),
      textPair: column.optional().describe("of the second text; absent: there is none"),
      label: column.optional().describe("of the label; absent: label"),
    })
    .optional()
    .describe("what the columns of a data file are probably called"),
  minimumExamples: z
    .int()
    .positive()
    .max(1_000_000_000)
    .optional()
    .describe("rows below which somebody is asked not to take part"),
});
