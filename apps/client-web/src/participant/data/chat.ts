/** Conversations as rows have them: a list of who says what, in JSON. */
import { FedtuneError } from "@fedtune/core";
import { z } from "zod";

const schema = z.array(z.object({ role: z.string(), content: z.string() })).min(1);

/** Whether the beginning of a text is that of a conversation. */
export function looksLikeChat(text: string): boolean {
  return /^\s*\[\s*\{/.test(text) && text.includes('"role"');
}

/**
 * Refuses what is no conversation, or one in which nothing is to be learned.
 *
 * @throws FedtuneError `data-invalid` naming file and line
 */
export function checkChat(
  text: string,
  at: { readonly path: string; readonly line: number },
): void {
  const { data } = schema.safeParse(jsonOf(text));
  if (data?.some(({ role }) => role === "assistant") === true) return;
  const wanted = 'wanted [{ "role", "content" }, ...] with something that the assistant says';
  const message = `Cannot read ${at.path}, line ${at.line}: it is no conversation, ${wanted}`;
  throw new FedtuneError("data-invalid", message, { data: { ...at } });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
