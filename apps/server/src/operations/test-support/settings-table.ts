import { settingFields } from "../setting-fields.ts";
import { settingsSchema } from "../settings.ts";

/** The reference of all settings as a Markdown table, as the documents have it. */
export function settingsTable(): string {
  const rows = settingFields(settingsSchema).map(
    ({ path, environment, fallback, meaning }) =>
      `| \`${path.join(".")}\` | ${environment.map((name) => `\`${name}\``).join(", ")} | ${fallback} | ${meaning} |`,
  );
  return ["| field | environment | default | meaning |", "| --- | --- | --- | --- |", ...rows].join(
    "\n",
  );
}
