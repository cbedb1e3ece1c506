import { useState } from "react";
import { TextField } from "../../ui/text-field.tsx";
import { isJsonObject, sameJson } from "./form/json.ts";
import type { Json, JsonObject } from "./form/json.ts";
import { words } from "./words.ts";
import styles from "./json-view.module.css";

/** The config, and what replaces it. */
export interface JsonViewProps {
  readonly config: JsonObject;
  readonly onChange: (config: JsonObject) => void;
}

/** What a text is: an object of JSON, or why it is none. */
function readConfig(text: string): { readonly config: JsonObject } | { readonly problem: string } {
  try {
    const value = JSON.parse(text) as Json;
    return isJsonObject(value) ? { config: value } : { problem: words.jsonNoObject };
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/^JSON\.parse: |\.$/g, "") : "";
    return { problem: words.jsonWrong(why) };
  }
}

/** The same document as text. What is written here stands in the form at once, as soon as it is JSON. */
export function JsonView({ config, onChange }: JsonViewProps) {
  const [text, setText] = useState(() => JSON.stringify(config, null, 2));
  const read = readConfig(text);
  // Somebody else has changed it: a repair of the summary, another preset.
  const isOther = "config" in read && !sameJson(read.config, config);
  const shown = isOther ? JSON.stringify(config, null, 2) : text;
  return (
    <section className={styles["card"]}>
      <TextField
        label={words.jsonLabel}
        help={words.jsonHelp}
        {...("problem" in read ? { error: read.problem } : {})}
        value={shown}
        onChange={(next) => {
          setText(next);
          const parsed = readConfig(next);
          if ("config" in parsed) onChange(parsed.config);
        }}
        rows={Math.max(24, shown.split("\n").length + 1)}
        isCode
      />
    </section>
  );
}
