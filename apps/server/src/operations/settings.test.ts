import { isFedtuneError } from "@fedtune/core";
import { describe, expect, it } from "vitest";
import { defaultLimits } from "../limits.ts";
import { readSettings, settingsSchema } from "./settings.ts";
import { settingsTable } from "./test-support/settings-table.ts";
import { settingFields } from "./setting-fields.ts";
import type { SettingsFile, SettingsSources } from "./settings.ts";

const file = (value: Record<string, unknown>): SettingsFile => ({
  value,
  place: (path) => `server.yaml:${path.length}:1`,
});

function refusal(sources: SettingsSources) {
  try {
    readSettings(sources);
  } catch (error) {
    if (isFedtuneError(error, "config-invalid")) return error;
  }
  throw new Error("it was read");
}

describe("settings", () => {
  it("[OP3] has a default for each", () => {
    const settings = readSettings();
    expect(settings).toMatchObject({ host: "127.0.0.1", port: 8470, databaseUrl: null, tls: null });
    expect(settings.limits).toEqual(defaultLimits);
  });

  it("[OP3] flags are stronger than the environment, and that is stronger than the file", () => {
    const sources = {
      file: file({ port: 1, host: "a", logLevel: "warn", limits: { maxConnections: 5 } }),
      environment: {
        ...{ FEDTUNE_PORT: "2", FEDTUNE_HOST: "b", FEDTUNE_LIMITS_MESSAGE_BURST: "7" },
        ...{ FEDTUNE_OPEN_ENROLMENT: "true", FEDTUNE_ALLOWED_HOSTS: "x, y", PATH: "/bin" },
      },
      flags: { "--port": ["port", 3], "--host": ["host", undefined] },
    } as const;
    expect(readSettings(sources)).toMatchObject({
      ...{ port: 3, host: "b", logLevel: "warn", openEnrolment: true, allowedHosts: ["x", "y"] },
      limits: { ...defaultLimits, maxConnections: 5, messageBurst: 7 },
    });
  });

  it("[OP3] knows the names that others use, its own are stronger, and an empty one is none", () => {
    const environment = {
      DATABASE_URL: "postgres://a/b",
      BLOB_URL: "s3://bucket",
      RELAY_URL: "redis://cache",
      FEDTUNE_PORT: "",
    };
    expect(readSettings({ environment })).toMatchObject({
      ...{
        databaseUrl: "postgres://a/b",
        blobUrl: "s3://bucket",
        relayUrl: "redis://cache",
        port: 8470,
      },
    });
    const both = { ...environment, FEDTUNE_DATABASE_URL: "postgres://own/b" };
    expect(readSettings({ environment: both }).databaseUrl).toBe("postgres://own/b");
  });

  it("[OP3] makes up an object from variables alone", () => {
    const environment = { FEDTUNE_TLS_CERT: "c.pem", FEDTUNE_TLS_KEY: "k.pem" };
    expect(readSettings({ environment }).tls).toEqual({ cert: "c.pem", key: "k.pem" });
    expect(refusal({ environment: { FEDTUNE_TLS_CERT: "c.pem" } }).message).toContain("tls.key");
  });

  it("[OP3] refuses what it does not know, with the nearest that it knows", () => {
    const { message, data } = refusal({ file: file({ prot: 1, limits: { maxConnection: 2 } }) });
    expect(message).toContain(`did you mean "port"`);
    expect(message).toContain(`did you mean "maxConnections"`);
    expect(data["issues"]).toMatchObject(
      [{ place: "server.yaml:1:1" }, { place: "server.yaml:2:1" }].reverse(),
    );
    const environment = { FEDTUNE_PROT: "hunter2" };
    const variable = refusal({ environment });
    expect(variable.message).toContain(`did you mean "FEDTUNE_PORT"`);
    expect(variable.message).not.toContain("hunter2");
    expect(readSettings({ environment, otherVariables: ["FEDTUNE_PROT"] }).port).toBe(8470);
  });

  it.each([
    [{ FEDTUNE_PORT: "x" }, "FEDTUNE_PORT"],
    [{ FEDTUNE_PORT: "70000" }, "FEDTUNE_PORT"],
    [{ FEDTUNE_METRICS: "yes" }, "FEDTUNE_METRICS"],
    [{ FEDTUNE_LOG_LEVEL: "loud" }, "FEDTUNE_LOG_LEVEL"],
    [{ DATABASE_URL: "mysql://root:hunter2@x/y" }, "DATABASE_URL"],
    [{ BLOB_URL: "s3://key:hunter2@bucket" }, "BLOB_URL"],
    [{ RELAY_URL: "http://:hunter2@cache" }, "RELAY_URL"],
    [{ FEDTUNE_ALLOWED_ORIGINS: "https://a/b" }, "FEDTUNE_ALLOWED_ORIGINS"],
  ])("[OP3] refuses %j, says where it came from, and shows no secret", (environment, place) => {
    const error = refusal({ environment });
    expect(error.data["issues"]).toMatchObject([{ place }]);
    expect(JSON.stringify(error)).not.toContain("hunter2");
  });

  it("[OP3] each has a meaning, a name in the environment and a place in the table", () => {
    const fields = settingFields(settingsSchema);
    const table = settingsTable();
    for (const { path, environment, meaning } of fields) {
      expect(meaning, path.join(".")).not.toBe("");
      for (const name of [path.join("."), ...environment]) expect(table).toContain(`\`${name}\``);
    }
    expect(new Set(fields.flatMap(({ environment }) => environment)).size).toBe(fields.length + 3);
  });
});
